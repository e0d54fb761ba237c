import { STATUS_CODES, validateHeaderName, validateHeaderValue } from "node:http";
import type { Socket } from "node:net";
import type { CarriedAnswer } from "../carrier.ts";
import { httpDate } from "./http-date.ts";

/** Headers that each answer has: a type and a length, both ours. */
const KNOWN_GOOD = 4;

/** Who is told that an answer is out. */
export interface AnswerOwner {
  /** Its client is to go elsewhere: the next answer is the last. */
  readonly isLeaving: boolean;
  /** @param last of its connection */
  answered(last: boolean): void;
}

/** An answer on the lane. It is written like one of node:http, byte for byte. */
export class LaneAnswer implements CarriedAnswer {
  closed = false;
  readonly #socket: Socket;
  readonly #owner: AnswerOwner;
  readonly #keepAlive: string;
  #head = "";
  #last = false;
  #corked = false;
  #onClose: (() => void) | undefined;

  /** @param keepAlive the headers of a connection that is kept */
  constructor(socket: Socket, owner: AnswerOwner, keepAlive: string) {
    this.#socket = socket;
    this.#owner = owner;
    this.#keepAlive = keepAlive;
  }

  get destroyed(): boolean {
    return this.closed || this.#socket.destroyed;
  }

  on(_event: "close", listener: () => void): void {
    this.#onClose = listener;
  }

  writeHead(status: number, headers: string[]): void {
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "unknown"}\r\n`;
    for (let at = 0; at < headers.length; at += 2) {
      const name = headers[at] as string;
      const value = headers[at + 1] as string;
      if (at >= KNOWN_GOOD) {
        validateHeaderName(name);
        validateHeaderValue(name, value);
        if (name === "Connection" && value === "close") this.#last = true;
      }
      head += `${name}: ${value}\r\n`;
    }
    let connection = this.#last ? "" : this.#keepAlive;
    if (this.#owner.isLeaving && !this.#last) {
      this.#last = true;
      connection = "Connection: close\r\n";
    }
    this.#head = `${head}Date: ${httpDate()}\r\n${connection}\r\n`;
  }

  cork(): void {
    this.#corked = true;
    this.#socket.cork();
  }

  write(part: string | Uint8Array): void {
    this.#flushHead();
    this.#socket.write(part);
  }

  end(part?: string | Uint8Array, encoding?: "latin1"): void {
    if (encoding === "latin1") this.#writeWithHead(part as string);
    else if (part !== undefined) {
      this.#socket.cork();
      this.write(part);
      this.#socket.uncork();
    }
    if (this.#corked) this.#socket.uncork();
    // Most answers are with the kernel by now; the others are when what is written after them is.
    if (this.#socket.writableLength === 0) this.#out();
    else this.#socket.write("", () => this.#out());
  }

  /** The connection is gone. */
  drop(): void {
    if (!this.closed) this.#close();
  }

  #flushHead(): void {
    if (this.#head !== "") this.#socket.write(this.#head, "latin1");
    this.#head = "";
  }

  #writeWithHead(text: string): void {
    this.#socket.write(this.#head + text, "latin1");
    this.#head = "";
  }

  #out(): void {
    // What could not be written ends with the connection.
    if (this.closed || this.#socket.destroyed) return;
    this.#close();
    this.#owner.answered(this.#last);
  }

  #close(): void {
    this.closed = true;
    this.#onClose?.();
  }
}
