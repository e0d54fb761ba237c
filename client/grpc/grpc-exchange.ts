import { type ClientHttp2Stream, type IncomingHttpHeaders, constants } from "node:http2";
import { KtsError, isKtsError } from "../../contract/errors.ts";
import { brokenConnection } from "../http/connection-error.ts";
import { repeatable } from "../repeatable.ts";
import { unreadable } from "../unreadable.ts";
import { type AnswerMessage, AnswerReader } from "./answer-reader.ts";
import { foreignAnswer, hasStatus, statusError } from "./call-status.ts";
import { decompressAnswer } from "./decompress.ts";
import type { GrpcRequest } from "./grpc-request.ts";

/** The longest a timer can run; a longer one would end at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** How a stream ended that the server did not touch: it, or a GOAWAY, said so (RFC 9113, 8.7). */
const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = constants;

/** One unary call, under a deadline and a signal. Whatever ends it first decides. */
export class GrpcExchange {
  /** The answer's message, compression undone. */
  readonly answer: Promise<Uint8Array>;
  readonly request: GrpcRequest;
  /** Called once when it has ended. */
  onEnd: () => void = () => undefined;
  /** Its deadline has passed. */
  expired = false;
  readonly #url: string;
  readonly #sendAgain: (exchange: GrpcExchange) => void;
  readonly #resolve: (message: Uint8Array) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #deadline: number;
  #stream: ClientHttp2Stream | undefined;
  #isRepeated = false;
  #concluded = false;
  #coding = "identity";
  #trailers: IncomingHttpHeaders | undefined;
  #message: AnswerMessage | undefined;
  #ended = false;

  /**
   * Starts its clock.
   * @param url of the server, for errors
   * @param sendAgain called at most once, when the server has said that it has not begun
   */
  constructor(request: GrpcRequest, url: string, sendAgain: (exchange: GrpcExchange) => void) {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    this.answer = promise;
    this.request = request;
    this.#url = url;
    this.#sendAgain = sendAgain;
    this.#resolve = resolve;
    this.#reject = reject;
    const { timeoutMs, signal } = request;
    this.#deadline = performance.now() + timeoutMs;
    if (timeoutMs <= LONGEST_TIMER_MS) this.#timer = setTimeout(this.#expire, timeoutMs);
    signal?.addEventListener("abort", this.#abort);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Milliseconds that are left. */
  get leftMs(): number {
    return Math.max(1, this.#deadline - performance.now());
  }

  /** Sends the request over a stream that is open. */
  start(stream: ClientHttp2Stream): void {
    this.#stream = stream;
    const reader = new AnswerReader(this.request.maxAnswerBytes, (message) => this.#take(message));
    let broken: Error | undefined;
    stream.on("response", (headers) => this.#open(headers));
    stream.on("trailers", (trailers) => (this.#trailers = trailers));
    stream.on("data", (chunk: Uint8Array) => this.#guard(() => reader.push(chunk)));
    stream.on("end", () => this.#conclude(reader));
    stream.on("error", (error: Error) => (broken = error));
    stream.on("close", () => this.#closed(stream, reader, broken));
    const { head, tail } = this.request.message;
    stream.cork();
    stream.write(head);
    for (const part of tail) stream.write(part);
    stream.end();
    stream.uncork();
  }

  /** Ends the call, unless it has ended, and tells the server that its answer is not wanted. */
  fail(reason: unknown): void {
    if (!this.#end()) return;
    this.#reject(reason);
    const stream = this.#stream;
    if (stream !== undefined && !stream.closed) stream.close(NGHTTP2_CANCEL);
  }

  readonly #expire = (): void => {
    const { method, timeoutMs } = this.request;
    this.expired = true;
    const problem = `${method} at ${this.#url} was not answered within ${timeoutMs} ms.`;
    this.fail(new KtsError("KTS_DEADLINE_EXCEEDED", problem));
  };

  readonly #abort = (): void => this.fail(this.request.signal?.reason);

  #open(headers: IncomingHttpHeaders): void {
    const foreign = foreignAnswer(headers);
    if (hasStatus(headers)) this.#trailers = headers;
    else if (foreign !== undefined) return this.fail(foreign);
    this.#coding = String(headers["grpc-encoding"] ?? "identity");
  }

  #take(message: AnswerMessage): void {
    if (this.#message !== undefined) throw unreadable("gRPC answer", "it has two messages, expected one");
    this.#message = message;
  }

  #guard(step: () => void): void {
    if (this.#ended) return;
    try {
      step();
    } catch (error) {
      this.fail(error);
    }
  }

  /** All has come, if there is a status. */
  #conclude(reader: AnswerReader): void {
    const trailers = this.#trailers;
    if (this.#ended || this.#concluded || trailers === undefined) return;
    this.#concluded = true;
    const message = this.#message;
    const failure = statusError(trailers, message !== undefined);
    if (failure !== undefined) return this.fail(failure);
    if (message === undefined || !reader.whole) {
      return this.fail(unreadable("gRPC answer", "its status is OK, but it has no whole message"));
    }
    if (!message.compressed) return this.#succeed(message.bytes);
    decompressAnswer(this.#coding, message.bytes, this.request.maxAnswerBytes).then(
      (bytes) => this.#succeed(bytes),
      (error: unknown) => this.fail(error),
    );
  }

  #closed(stream: ClientHttp2Stream, reader: AnswerReader, broken: Error | undefined): void {
    this.#conclude(reader);
    if (this.#ended || this.#trailers !== undefined) return;
    const failure = isKtsError(broken) ? broken : brokenConnection(this.#url, broken);
    if (stream.id === undefined || stream.rstCode === NGHTTP2_REFUSED_STREAM) this.refused(failure);
    else this.fail(failure);
  }

  /**
   * The server has not begun with it: it is sent again, once (gRFC A6, "Transparent Retries").
   * @param reason what the call fails with the second time
   */
  refused(reason: KtsError): void {
    if (this.#ended) return;
    if (this.#isRepeated) return this.fail(repeatable(reason));
    this.#isRepeated = true;
    this.#stream = undefined;
    this.#sendAgain(this);
  }

  #succeed(message: Uint8Array): void {
    if (!this.#end()) return;
    this.#resolve(message);
    const stream = this.#stream;
    // The server answered ahead of the request's end, and does not want the rest of it.
    if (stream !== undefined && !stream.writableFinished && !stream.closed) stream.close(NGHTTP2_NO_ERROR);
  }

  #end(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.request.signal?.removeEventListener("abort", this.#abort);
    this.onEnd();
    return true;
  }
}
