import { KtsError } from "../../contract/errors.ts";
import type { InferenceServices } from "../http/inference-services.ts";
import type { CallHandler, GrpcCall } from "./call.ts";
import type { ReceivedMessage } from "./message-reader.ts";
import { reportFailure } from "./report-failure.ts";
import { type EndlessCall, SERVER_STOPS } from "./streaming-call.ts";
import { StreamedRequest } from "./streamed-request.ts";

/** Requests that may wait behind the one that runs before the client is no longer read. */
const MOST_WAITING = 16;

/** A request that waits. */
interface Waiting {
  readonly message: ReceivedMessage;
  /** Of its memory, which is no longer to be seen once a worker has it. */
  readonly bytes: number;
}

/**
 * One ModelStreamInfer: its requests are run in the order they came, one at a time, so that the answers of each follow
 * those of the one before. One that fails is answered with an error message, and the next is run.
 */
export class StreamInferCall implements CallHandler, EndlessCall {
  readonly #services: InferenceServices;
  readonly #call: GrpcCall;
  readonly #callersId: string | undefined;
  readonly #onClosed: () => void;
  readonly #waiting: Waiting[] = [];
  #running: StreamedRequest | undefined;
  #isHalfClosed = false;
  #isStopping = false;

  /** @param onClosed told once, when the call is over */
  constructor(
    services: InferenceServices,
    call: GrpcCall,
    callersId: string | undefined,
    onClosed: () => void,
  ) {
    this.#services = services;
    this.#call = call;
    this.#callersId = callersId;
    this.#onClosed = onClosed;
  }

  received(message: ReceivedMessage): void {
    this.#waiting.push({ message, bytes: message.owner.length });
    if (this.#waiting.length > MOST_WAITING) this.#call.pause();
    this.#next();
  }

  halfClosed(): void {
    this.#isHalfClosed = true;
    this.#next();
  }

  /** What has come is answered. A client that sends on anyway is told to send it elsewhere. */
  serverStops(): void {
    this.#isStopping = true;
    this.#next();
  }

  /** Runs the next request, or ends the call; while one runs it does nothing. */
  #next(): void {
    if (this.#running !== undefined) return;
    const next = this.#waiting.shift();
    if (next === undefined) {
      if (this.#isHalfClosed) this.#call.finish();
      else if (this.#isStopping) this.#call.finish(SERVER_STOPS);
      return;
    }
    if (this.#waiting.length === MOST_WAITING) this.#call.resume();
    const { message, bytes } = next;
    const request = new StreamedRequest(this.#services, this.#call, this.#callersId, () => {
      this.#running = undefined;
      this.#call.giveBack(bytes);
      // Not at once: many that fail at once would be as many calls within each other.
      queueMicrotask(() => this.#next());
    });
    this.#running = request;
    request.start(message.bytes);
  }

  failed(error: KtsError): void {
    this.#call.finish(reportFailure(this.#services.log, error, { method: this.#call.headers[":path"] }));
    this.#drop();
  }

  expiredAfter(timeoutMs: number): void {
    this.#running?.expireWith(timeoutMs);
    this.failed(new KtsError("KTS_DEADLINE_EXCEEDED", `The call took longer than ${timeoutMs} ms.`));
  }

  closed(): void {
    this.#drop();
    this.#onClosed();
  }

  /** Nobody waits for what is left. */
  #drop(): void {
    this.#waiting.length = 0;
    this.#running?.closed();
  }
}
