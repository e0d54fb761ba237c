import { type ClientHttp2Stream, type IncomingHttpHeaders, constants } from "node:http2";
import { KtsError, isKtsError } from "../../contract/errors.ts";
import { CallLimits } from "../call-limits.ts";
import { brokenConnection } from "../http/connection-error.ts";
import { repeatable } from "../repeatable.ts";
import { unreadable } from "../unreadable.ts";
import { type AnswerMessage, AnswerReader, type RawOffset } from "./answer-reader.ts";
import { foreignAnswer, hasStatus, statusError } from "./call-status.ts";
import type { GrpcRequest } from "./grpc-request.ts";

/** How a stream ended that the server did not touch: it, or a GOAWAY, said so (RFC 9113, 8.7). */
const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = constants;

/** What carries exchanges. */
export interface Carrier {
  /** Called at most once an exchange, when the server has said that it has not begun. */
  sendAgain(exchange: GrpcExchange): void;
  /** Called once, when it has ended. */
  ended(exchange: GrpcExchange): void;
}

/** One call with one request, under a deadline and a signal. Whatever ends it first decides. */
export abstract class GrpcExchange {
  readonly request: GrpcRequest;
  /** Called once when it has ended. */
  onEnd: () => void = () => undefined;
  /** Its deadline has passed. */
  expired = false;
  /** Where the tensors of a message are. */
  protected abstract readonly rawOffset: RawOffset;
  readonly #url: string;
  readonly #carrier: Carrier;
  readonly #limits: CallLimits;
  readonly #deadline: number;
  #stream: ClientHttp2Stream | undefined;
  #isRepeated = false;
  #concluded = false;
  #coding = "identity";
  #trailers: IncomingHttpHeaders | undefined;
  #answered = false;
  #ended = false;

  /**
   * Starts its clock.
   * @param url of the server, for errors
   */
  constructor(request: GrpcRequest, url: string, carrier: Carrier) {
    this.request = request;
    this.#url = url;
    this.#carrier = carrier;
    this.#deadline = performance.now() + request.timeoutMs;
    this.#limits = new CallLimits(
      request,
      () => this.#expire(),
      (reason) => this.fail(reason),
    );
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Milliseconds that are left. */
  get leftMs(): number {
    return Math.max(1, this.#deadline - performance.now());
  }

  /** The compression of the answer's compressed messages. */
  protected get coding(): string {
    return this.#coding;
  }

  /** The stream it goes over, once it is open. */
  protected get stream(): ClientHttp2Stream | undefined {
    return this.#stream;
  }

  /** Sends the request over a stream that is open. */
  start(stream: ClientHttp2Stream): void {
    this.#stream = stream;
    const take = (message: AnswerMessage): void => this.#take(message);
    const reader = new AnswerReader(this.request.maxAnswerBytes, this.rawOffset, take);
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
    this.failed(reason);
    const stream = this.#stream;
    if (stream !== undefined && !stream.closed) stream.close(NGHTTP2_CANCEL);
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
    this.#carrier.sendAgain(this);
  }

  /** A message of the answer. */
  protected abstract received(message: AnswerMessage): void;

  /** All has come, and the status is OK. */
  protected abstract completed(): void;

  /** It has ended without all of the answer. */
  protected abstract failed(reason: unknown): void;

  /** All is read. @returns false when the call had ended before */
  protected finish(): boolean {
    if (!this.#end()) return false;
    const stream = this.#stream;
    // The server answered ahead of the request's end, and does not want the rest of it.
    if (stream !== undefined && !stream.writableFinished && !stream.closed) stream.close(NGHTTP2_NO_ERROR);
    return true;
  }

  #expire(): void {
    const { method, timeoutMs } = this.request;
    this.expired = true;
    const problem = `${method} at ${this.#url} was not answered within ${timeoutMs} ms.`;
    this.fail(new KtsError("KTS_DEADLINE_EXCEEDED", problem));
  }

  #open(headers: IncomingHttpHeaders): void {
    const foreign = foreignAnswer(headers);
    if (hasStatus(headers)) this.#trailers = headers;
    else if (foreign !== undefined) return this.fail(foreign);
    this.#coding = String(headers["grpc-encoding"] ?? "identity");
  }

  #take(message: AnswerMessage): void {
    this.#answered = true;
    this.received(message);
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
    const failure = statusError(trailers, this.#answered);
    if (failure !== undefined) return this.fail(failure);
    if (!reader.whole)
      return this.fail(unreadable("gRPC answer", "its status is OK, but its last message is cut off"));
    this.completed();
  }

  #closed(stream: ClientHttp2Stream, reader: AnswerReader, broken: Error | undefined): void {
    this.#conclude(reader);
    if (this.#ended || this.#trailers !== undefined) return;
    const failure = isKtsError(broken) ? broken : brokenConnection(this.#url, broken);
    if (stream.id === undefined || stream.rstCode === NGHTTP2_REFUSED_STREAM) this.refused(failure);
    else this.fail(failure);
  }

  #end(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.#limits.lift();
    this.onEnd();
    this.#carrier.ended(this);
    return true;
  }
}
