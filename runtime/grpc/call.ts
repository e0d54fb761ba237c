import {
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
  constants,
} from "node:http2";
import { InvalidInput, type KtsError, isKtsError } from "../../contract/errors.ts";
import type { EncodedMessage } from "../../protocol/grpc.ts";
import type { Deadlines, Timed } from "../deadlines.ts";
import { freeBuffer } from "../http/free.ts";
import { LONGEST_TIMER_MS } from "../longest-timer.ts";
import { ACCEPTED_ENCODINGS, type CallHeaders, acceptsCoding, readCallHeaders } from "./call-headers.ts";
import { WORTH_BYTES, compressMessage, decompressMessage } from "./compression.ts";
import { MessageReader, type ReaderLimits, type ReceivedMessage, messageTooLarge } from "./message-reader.ts";
import { type GrpcStatus, STATUS_OK, UNIMPLEMENTED, encodeStatusMessage } from "./status.ts";

/** What a call's method does with it. What a handler throws is not caught. */
export interface CallHandler {
  /** Of a unary method: its one message, once the client has sent all. Of a streaming one: the next message. */
  received(message: ReceivedMessage): void;
  /** Of a streaming method: the client sends no more messages. */
  halfClosed(): void;
  /** The call cannot go on: its headers or messages are wrong, or its time is over. The handler sends the status. */
  failed(error: KtsError): void;
  /** Its `grpc-timeout` has passed. */
  expiredAfter(timeoutMs: number): void;
  /** The stream is gone, after the answer or without one. Called once, last. */
  closed(): void;
}

/** What a call's messages may take, and who wants to know of it. */
export interface CallRules extends ReaderLimits {
  /** The time that a unary call's message may take to arrive. */
  readonly uploads: Deadlines;
  /** Called when a stream is gone that had no status: its client reset it. */
  wasReset(): void;
}

/** gRPC has no use for the date of an answer, and it is a tenth of the time that its headers take. */
const WITH_TRAILERS = { waitForTrailers: true, sendDate: false };
const LAST = { endStream: true, sendDate: false };
const CONTENT_TYPE = "application/grpc";
const OK_TRAILERS = { "grpc-status": "0" };
/** The headers of nearly every answer. As a list they are not copied each time, where this version of node takes one. */
const PLAIN_HEADERS: OutgoingHttpHeaders | readonly string[] = takesHeaderLists()
  ? [":status", "200", "content-type", CONTENT_TYPE]
  : { ":status": 200, "content-type": CONTENT_TYPE };

/**
 * One call: a stream of HTTP/2 as gRPC uses it. Messages in, messages out, a status at the end, once.
 * Specification: gRPC over HTTP2 (grpc/doc/PROTOCOL-HTTP2.md).
 */
export class GrpcCall implements Timed {
  deadlineAt = 0;
  previous: Timed | undefined;
  next: Timed | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly #stream: ServerHttp2Stream;
  readonly #rules: CallRules;
  readonly #unary: boolean;
  readonly #reader: MessageReader;
  readonly #ownHeaders: Readonly<Record<string, string>> | undefined;
  #handler!: CallHandler;
  #given: CallHeaders | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Bytes of messages that are not given back. */
  #held = 0;
  #only: ReceivedMessage | undefined;
  /** Decompression under way, behind which later messages wait. */
  #pending: Promise<void> | undefined;
  #trailers: OutgoingHttpHeaders = OK_TRAILERS;
  #finished = false;
  #failed = false;

  /**
   * @param unary exactly one message comes
   * @param ownHeaders headers of the answer beside gRPC's
   */
  constructor(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    rules: CallRules,
    unary: boolean,
    ownHeaders?: Readonly<Record<string, string>>,
  ) {
    this.headers = headers;
    this.#stream = stream;
    this.#rules = rules;
    this.#unary = unary;
    this.#ownHeaders = ownHeaders;
    this.#reader = new MessageReader(rules, (message, compressed) => this.#take(message, compressed));
  }

  /** Starts reading. */
  start(handler: CallHandler): void {
    this.#handler = handler;
    const stream = this.#stream;
    stream.on("close", () => this.#closed());
    // An error is followed by "close", which is all there is to know.
    stream.on("error", ignore);
    try {
      this.#given = readCallHeaders(this.headers);
    } catch (error) {
      return this.#fail(error);
    }
    stream.on("data", (chunk: Uint8Array) => this.#push(chunk));
    stream.on("end", () => this.#ended());
    if (this.#unary) this.#rules.uploads.add(this, performance.now());
    const { timeoutMs } = this.#given;
    if (timeoutMs !== undefined && timeoutMs < LONGEST_TIMER_MS) {
      this.#timer = setTimeout(() => {
        if (!this.#finished) handler.expiredAfter(timeoutMs);
      }, timeoutMs);
    }
  }

  /** The message took too long to arrive. */
  expire(): void {
    if (!this.#finished) this.#handler.expiredAfter(this.#rules.uploads.timeoutMs);
  }

  /** The status is out, or the stream is gone: nothing can be sent. */
  get finished(): boolean {
    return this.#finished || this.#stream.destroyed || this.#stream.closed;
  }

  /** The stream is gone, and with it what was to be written. */
  get gone(): boolean {
    return this.#stream.destroyed;
  }

  #push(chunk: Uint8Array): void {
    // What comes after a failure is read, so that flow control counts it, and dropped.
    if (this.#failed || this.#finished) return;
    try {
      this.#reader.push(chunk);
    } catch (error) {
      this.#fail(error);
    }
  }

  #take(message: ReceivedMessage, compressed: boolean): void {
    this.#held += message.owner.length;
    if (!compressed && this.#pending === undefined) return this.#arrived(message);
    const plain = compressed ? this.#decompress(message) : Promise.resolve(message);
    this.#pending = Promise.all([plain, this.#pending]).then(
      ([whole]) => {
        if (!this.#failed && !this.#finished) this.#arrived(whole);
      },
      (error: unknown) => this.#fail(error),
    );
  }

  async #decompress(message: ReceivedMessage): Promise<ReceivedMessage> {
    const coding = this.#given?.coding;
    if (coding === undefined) {
      throw new InvalidInput("a message is compressed, but no compression is named", {
        path: "grpc-encoding",
      });
    }
    const { maxBytes, budget } = this.#rules;
    const tooLarge = () => messageTooLarge(maxBytes + 1, maxBytes);
    const plain = await decompressMessage(coding, message.bytes, maxBytes, tooLarge);
    if (this.#stream.destroyed) return message;
    this.release(message);
    budget.take(plain.length);
    // zlib's output may be a slice of a shared pool, which no worker could take over.
    const owner = Buffer.allocUnsafeSlow(plain.length);
    owner.set(plain);
    this.#held += owner.length;
    return { bytes: owner, owner };
  }

  #arrived(message: ReceivedMessage): void {
    if (!this.#unary) return this.#handler.received(message);
    if (this.#only !== undefined) return this.#fail(wrongNumber("more than one"));
    this.#only = message;
  }

  #ended(): void {
    if (this.#pending === undefined) return this.#whole();
    void this.#pending.then(() => this.#whole());
  }

  #whole(): void {
    if (this.#failed || this.#finished) return;
    this.#rules.uploads.remove(this);
    try {
      this.#reader.end();
    } catch (error) {
      return this.#fail(error);
    }
    if (!this.#unary) return this.#handler.halfClosed();
    if (this.#only === undefined) return this.#fail(wrongNumber("none"));
    this.#handler.received(this.#only);
  }

  #fail(error: unknown): void {
    if (this.#failed || this.#finished) return;
    if (!isKtsError(error)) throw error;
    this.#failed = true;
    this.#handler.failed(error);
  }

  /** Reads no messages for now; some of what has come may still be delivered. */
  pause(): void {
    this.#stream.pause();
  }

  /** Reads on. */
  resume(): void {
    this.#stream.resume();
  }

  /** Waits until the client takes more messages, or is gone; undefined where it takes them now. */
  drained(): Promise<void> | undefined {
    const stream = this.#stream;
    if (!stream.writableNeedDrain || stream.destroyed) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    const settle = () => {
      stream.off("drain", settle);
      stream.off("close", settle);
      resolve();
    };
    stream.on("drain", settle);
    stream.on("close", settle);
    return promise;
  }

  /**
   * Counts a message as gone before the call ends, and leaves its memory to whoever has it.
   * @param bytes of its memory when it came
   */
  giveBack(bytes: number): void {
    if (this.#held === 0) return;
    this.#held -= bytes;
    this.#rules.budget.give(bytes);
  }

  /** Gives a message's memory back before the call ends. Nobody may look at it any more. */
  release(message: ReceivedMessage): void {
    const { length } = message.owner;
    this.#held -= length;
    this.#rules.budget.give(length);
    freeBuffer(message.owner);
  }

  /** Sends the one answer of a unary call, with status OK. */
  answer(message: EncodedMessage): void {
    const coding = message.byteLength < WORTH_BYTES ? undefined : this.#answerCoding();
    if (coding === undefined) return this.#sendAnswer(message);
    compressMessage(coding, message).then(
      (packed) => this.#sendAnswer(packed),
      () => this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR),
    );
  }

  /** As the request was compressed, so is the answer, where the client can undo that. */
  #answerCoding(): CallHeaders["coding"] {
    const coding = this.#given?.coding;
    return coding !== undefined && acceptsCoding(this.headers, coding) ? coding : undefined;
  }

  #sendAnswer(message: EncodedMessage): void {
    if (this.finished) return;
    this.#finished = true;
    this.#respond();
    write(this.#stream, message, true);
  }

  /** Sends a message of a streaming call. The client is not read while it does not take its answers. */
  send(message: EncodedMessage): void {
    if (this.finished) return;
    const stream = this.#stream;
    if (!stream.headersSent) this.#respond();
    if (write(stream, message, false)) return;
    stream.pause();
    stream.once("drain", () => stream.resume());
  }

  /** Ends the call. Once: later calls do nothing. */
  finish(status: GrpcStatus = STATUS_OK): void {
    if (this.finished) return;
    this.#finished = true;
    const stream = this.#stream;
    if (stream.headersSent) {
      this.#trailers = trailersOf(status);
      stream.end();
      return;
    }
    // "Trailers-Only": one block of headers that is also the end.
    const encodings =
      status.code === UNIMPLEMENTED ? { "grpc-accept-encoding": ACCEPTED_ENCODINGS } : undefined;
    stream.respond(
      {
        ":status": 200,
        "content-type": CONTENT_TYPE,
        ...this.#ownHeaders,
        ...encodings,
        ...trailersOf(status),
      },
      LAST,
    );
    // The client may still be sending: it is told to stop, once it has the status.
    if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
  }

  #respond(): void {
    const stream = this.#stream;
    stream.respond(this.#answerHeaders(), WITH_TRAILERS);
    stream.on("wantTrailers", () => stream.sendTrailers(this.#trailers));
  }

  #answerHeaders(): OutgoingHttpHeaders | readonly string[] {
    const coding = this.#answerCoding();
    if (coding === undefined && this.#ownHeaders === undefined) return PLAIN_HEADERS;
    const headers: OutgoingHttpHeaders = { ":status": 200, "content-type": CONTENT_TYPE };
    if (coding !== undefined) headers["grpc-encoding"] = coding;
    return Object.assign(headers, this.#ownHeaders);
  }

  #closed(): void {
    clearTimeout(this.#timer);
    this.#rules.uploads.remove(this);
    this.#reader.drop();
    if (!this.#finished) this.#rules.wasReset();
    this.#finished = true;
    this.#handler.closed();
    if (this.#held > 0) this.#rules.budget.give(this.#held);
    this.#held = 0;
  }
}

/** `respond` takes lists since v24.7 (nodejs/node 59455); an older one would send their indexes as names. */
function takesHeaderLists(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  return major > 24 || (major === 24 && minor >= 8);
}

/** A unary call has exactly one message. */
function wrongNumber(count: string): InvalidInput {
  return new InvalidInput(`A unary call has one request message, but ${count} came.`, {
    grpcStatus: UNIMPLEMENTED,
  });
}

function trailersOf({ code, message, trailers }: GrpcStatus): OutgoingHttpHeaders {
  const status: OutgoingHttpHeaders = { "grpc-status": String(code) };
  if (message !== "") status["grpc-message"] = encodeStatusMessage(message);
  return trailers === undefined ? status : { ...status, ...trailers };
}

/** Writes a message; false where the client does not take what was written. */
function write(stream: ServerHttp2Stream, { head, tail }: EncodedMessage, last: boolean): boolean {
  if (tail.length === 0) {
    if (!last) return stream.write(head);
    stream.end(head);
    return true;
  }
  stream.cork();
  let taken = stream.write(head);
  for (const part of tail) taken = stream.write(part);
  stream.uncork();
  if (last) stream.end();
  return taken;
}

function ignore(): void {
  // Nothing: see `start`.
}
