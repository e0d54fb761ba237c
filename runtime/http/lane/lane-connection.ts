import type { Socket } from "node:net";
import type { Deadlines, Timed } from "../../deadlines.ts";
import { answerClientError } from "../http-server.ts";
import { type HotHead, isHead } from "./hot-head.ts";
import { type AnswerOwner, LaneAnswer } from "./lane-answer.ts";
import { LaneRequest } from "./lane-request.ts";
import type { LaneRules } from "./lane-rules.ts";
import type { LentConnection } from "./lent-connection.ts";
import { readInto } from "./read-into.ts";

/** Bytes of later requests that are kept while one is answered; with more the client has to wait. */
const MOST_AHEAD_BYTES = 65_536;

/**
 * One connection of the fast lane. It reads inference requests, one after the other. A request without a body is
 * node:http's to answer; anything else is node:http's with the rest of the connection.
 */
export class LaneConnection implements Timed, AnswerOwner {
  deadlineAt = 0;
  previous: Timed | undefined;
  next: Timed | undefined;
  isLeaving = false;
  readonly socket: Socket;
  readonly #rules: LaneRules;
  /** What the last request's head was: most likely the next one's too. */
  #head: HotHead | undefined;
  #request: LaneRequest | undefined;
  /** Until it is out. */
  #answer: LaneAnswer | undefined;
  #lent: LentConnection | undefined;
  /** Bytes of the request's body that have not come yet. */
  #missing = 0;
  /** Bytes that cannot be read yet. */
  #ahead: Buffer | undefined;
  #isReading = false;
  #clock: Deadlines | undefined;
  #stage: "here" | "handed over" | "over" = "here";
  readonly #onEnd = () => this.#ended();
  readonly #onClose = () => this.#closed();
  readonly #onError = () => undefined;

  constructor(accepted: Socket, rules: LaneRules) {
    this.#rules = rules;
    this.socket = readInto(accepted, (bytes, end) => this.#receive(bytes, end));
    this.socket.on("end", this.#onEnd);
    this.socket.on("close", this.#onClose);
    // "close" follows.
    this.socket.on("error", this.#onError);
    this.#wait(rules.heads);
  }

  /** Between two requests. */
  get isIdle(): boolean {
    return this.#clock === this.#rules.idle;
  }

  /** What the connection waited for did not come in time. */
  expire(): void {
    const wasIdle = this.isIdle;
    this.#clock = undefined;
    if (wasIdle) this.socket.destroy();
    else this.#refuse("ERR_HTTP_REQUEST_TIMEOUT", "Request timeout");
  }

  /** An answer is out. */
  answered(last: boolean): void {
    this.#answer = undefined;
    if (last) {
      this.#stage = "over";
      this.#wait(undefined);
      this.socket.destroySoon();
    } else if (this.#missing === 0) this.#goOn();
  }

  #receive(bytes: Buffer, end: number): void {
    if (this.#stage === "handed over") this.socket.push(Buffer.from(bytes.subarray(0, end)));
    if (this.#stage !== "here") return;
    if (this.#ahead === undefined) return this.#read(bytes, end, false);
    const all = Buffer.concat([this.#ahead, bytes.subarray(0, end)]);
    this.#ahead = undefined;
    this.#read(all, all.length, true);
  }

  /**
   * Reads as many requests as there are. A loop, not a recursion: an answer may be out before its body is read.
   * @param areOurs the bytes stay as they are
   */
  #read(bytes: Buffer, end: number, areOurs: boolean): void {
    this.#isReading = true;
    let at = 0;
    while (at < end && this.#stage === "here") {
      if (this.#missing > 0) at = this.#readBody(bytes, at, end);
      else if (this.#isBusy) {
        this.#keep(bytes.subarray(at, end), areOurs);
        break;
      } else {
        const next = this.#readHead(bytes, at, end, areOurs);
        if (next === -1) break;
        at = next;
      }
    }
    this.#isReading = false;
    if (this.#missing > 0 && this.#stage === "here") this.#wait(this.#rules.bodies);
  }

  /** @returns where the head ended; -1 where it did not, or is not for the lane */
  #readHead(bytes: Buffer, at: number, end: number, areOurs: boolean): number {
    const known = this.#head;
    if (known !== undefined) {
      const digitsEnd = isHead(known, bytes, at, end);
      if (digitsEnd !== -1) {
        const length = bytes.toString("latin1", at + known.before.length, digitsEnd);
        if (Number(length) > this.#rules.maxBodyBytes) return this.#handOver(bytes.subarray(at, end));
        return this.#begin(known, length, digitsEnd + known.after.length);
      }
    }
    const head = this.#rules.read(bytes.subarray(at, end));
    if (head === "partial") {
      this.#keep(bytes.subarray(at, end), areOurs);
      this.#wait(this.#rules.heads);
      return -1;
    }
    if (head === "other") return this.#handOver(bytes.subarray(at, end));
    if (Buffer.isBuffer(head)) return this.#lend(head, at + head.length);
    this.#head = head;
    const length = head.headers["content-length"] as string;
    return this.#begin(head, length, at + head.before.length + length.length + head.after.length);
  }

  #begin(head: HotHead, length: string, bodyAt: number): number {
    const { socket } = this;
    const request = new LaneRequest(head, length);
    const answer = new LaneAnswer(socket, this, this.#rules.keepAlive);
    this.#request = request;
    this.#answer = answer;
    this.#missing = Number(length);
    this.#wait(undefined);
    this.#rules.start(head, request, answer);
    if (this.#missing === 0) this.#endBody(request);
    return bodyAt;
  }

  #lend(request: Buffer, endsAt: number): number {
    this.#wait(undefined);
    // A copy: the bytes are read later.
    this.#lent = this.#rules.lend(this.socket, Buffer.from(request), () => this.#goOn());
    return endsAt;
  }

  /** There is a request whose answer is not out. */
  get #isBusy(): boolean {
    return this.#request !== undefined || this.#lent !== undefined;
  }

  #readBody(bytes: Buffer, at: number, end: number): number {
    const request = this.#request as LaneRequest;
    const until = Math.min(end, at + this.#missing);
    this.#missing -= until - at;
    request.take(bytes, at, until);
    if (this.#missing === 0) this.#endBody(request);
    return until;
  }

  #endBody(request: LaneRequest): void {
    this.#wait(undefined);
    request.end();
    if (this.#answer === undefined && this.#stage === "here") this.#goOn();
  }

  /** The next request may begin. */
  #goOn(): void {
    if (!this.#isBusy) return;
    this.#request = undefined;
    this.#lent = undefined;
    this.#wait(this.#rules.idle);
    const ahead = this.#ahead;
    if (ahead === undefined || this.#isReading) return;
    this.#ahead = undefined;
    this.socket.resume();
    this.#read(ahead, ahead.length, true);
  }

  #keep(bytes: Buffer, areOurs: boolean): void {
    // Else many small requests that came at once would all be copied with each of them.
    this.#ahead = areOurs ? bytes : Buffer.from(bytes);
    if (this.#isBusy && this.#ahead.length > MOST_AHEAD_BYTES) this.socket.pause();
  }

  #handOver(bytes: Buffer): -1 {
    const { socket } = this;
    this.#stage = "handed over";
    this.#wait(undefined);
    socket.off("end", this.#onEnd).off("close", this.#onClose).off("error", this.#onError);
    socket.removeAllListeners("data");
    // A stream that flows would not give its new listener what is put back.
    socket.pause();
    socket.unshift(Buffer.from(bytes));
    this.#rules.handOver(this);
    socket.resume();
    return -1;
  }

  /** Starts the time of what is waited for; undefined: of nothing. */
  #wait(clock: Deadlines | undefined): void {
    if (this.#clock === clock) return;
    this.#clock?.remove(this);
    this.#clock = clock;
    clock?.add(this, performance.now());
  }

  /** The client sends no more. As with node:http, what it has not been answered by now it is not going to be. */
  #ended(): void {
    if (this.#stage !== "here") return;
    const ahead = this.#isBusy ? undefined : this.#ahead;
    if (this.#missing > 0) this.#refuse("HPE_INVALID_EOF_STATE", "Parse Error");
    else if (ahead === undefined) this.socket.end();
    else {
      // node:http says what is wrong with half a head.
      this.#ahead = undefined;
      this.#wait(undefined);
      this.#lent = this.#rules.lend(this.socket, ahead);
    }
  }

  #refuse(code: string, message: string): void {
    this.#stage = "over";
    this.#wait(undefined);
    answerClientError(Object.assign(new Error(message), { code }), this.socket);
  }

  #closed(): void {
    this.#stage = "over";
    this.#wait(undefined);
    this.#request?.drop();
    this.#answer?.drop();
    this.#lent?.destroy();
    this.#rules.gone(this);
  }
}
