import { KtsError } from "../../contract/errors.ts";
import type { PredictorLog } from "../../contract/predictor.ts";
import { type GrpcStatus, UNAVAILABLE } from "./status.ts";
import type { CallHandler, GrpcCall } from "./call.ts";
import type { ReceivedMessage } from "./message-reader.ts";
import { reportFailure } from "./report-failure.ts";

/** What a streaming method does with its messages. What it throws becomes the status. */
export interface MessageStream {
  /** A message of the client's. Its memory is given back afterwards. */
  received(message: Uint8Array): void;
  /** The client sends no more. */
  halfClosed(): void;
  /** The call is over. */
  closed(): void;
}

/** A call that ends only when one side wants it. */
export interface EndlessCall {
  /** The server stops: the call ends as soon as nothing of it is lost. */
  serverStops(): void;
}

/** Ends a call since the server stops: the client may try again elsewhere. */
export const SERVER_STOPS: GrpcStatus = { code: UNAVAILABLE, message: "The server is shutting down." };

/** Opens a streaming method's call. */
export type StreamingMethod = (call: GrpcCall) => MessageStream;

/** A call of a method whose messages come, or go, in any number. */
export class StreamingCall implements CallHandler, EndlessCall {
  readonly #call: GrpcCall;
  readonly #stream: MessageStream;
  readonly #log: PredictorLog;
  readonly #onClosed: () => void;

  /** @param onClosed told once, when the call is over */
  constructor(call: GrpcCall, method: StreamingMethod, log: PredictorLog, onClosed: () => void) {
    this.#call = call;
    this.#log = log;
    this.#onClosed = onClosed;
    this.#stream = method(call);
  }

  received(message: ReceivedMessage): void {
    this.#guard(() => this.#stream.received(message.bytes));
    this.#call.release(message);
  }

  halfClosed(): void {
    this.#guard(() => this.#stream.halfClosed());
  }

  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#refuse(error);
    }
  }

  #refuse(error: unknown): void {
    this.#call.finish(reportFailure(this.#log, error, { method: this.#call.headers[":path"] }));
  }

  serverStops(): void {
    this.#call.finish(SERVER_STOPS);
  }

  failed(error: KtsError): void {
    this.#refuse(error);
  }

  expiredAfter(timeoutMs: number): void {
    this.#refuse(new KtsError("KTS_DEADLINE_EXCEEDED", `The call took longer than ${timeoutMs} ms.`));
  }

  closed(): void {
    this.#stream.closed();
    this.#onClosed();
  }
}
