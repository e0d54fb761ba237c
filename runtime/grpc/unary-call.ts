import { KtsError } from "../../contract/errors.ts";
import type { PredictorLog } from "../../contract/predictor.ts";
import type { EncodedMessage } from "../../protocol/grpc.ts";
import type { CallHandler, GrpcCall } from "./call.ts";
import type { ReceivedMessage } from "./message-reader.ts";
import { reportFailure } from "./report-failure.ts";

/** Answers a request's message with another. What it throws becomes the status. */
export type UnaryMethod = (message: Uint8Array) => EncodedMessage | Promise<EncodedMessage>;

/** A call of a method with one message each way, that is no inference. */
export class UnaryCall implements CallHandler {
  readonly #call: GrpcCall;
  readonly #method: UnaryMethod;
  readonly #log: PredictorLog;

  constructor(call: GrpcCall, method: UnaryMethod, log: PredictorLog) {
    this.#call = call;
    this.#method = method;
    this.#log = log;
  }

  received(message: ReceivedMessage): void {
    this.#answer(message).catch((error: unknown) => this.#refuse(error));
  }

  async #answer({ bytes }: ReceivedMessage): Promise<void> {
    this.#call.answer(await this.#method(bytes));
  }

  #refuse(error: unknown): void {
    this.#call.finish(reportFailure(this.#log, error, { method: this.#call.headers[":path"] }));
  }

  halfClosed(): void {
    // Only streaming methods are told.
  }

  failed(error: KtsError): void {
    this.#refuse(error);
  }

  expiredAfter(timeoutMs: number): void {
    this.#refuse(new KtsError("KTS_DEADLINE_EXCEEDED", `The request took longer than ${timeoutMs} ms.`));
  }

  closed(): void {
    // What the method is at, it finishes: nothing of it takes long.
  }
}
