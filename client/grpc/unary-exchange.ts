import { unreadable } from "../unreadable.ts";
import { type AnswerMessage, responseOffset } from "./answer-reader.ts";
import { decompressAnswer } from "./decompress.ts";
import { GrpcExchange } from "./grpc-exchange.ts";

/** A call with one message for an answer. */
export class UnaryExchange extends GrpcExchange {
  protected override readonly rawOffset = responseOffset;
  readonly #answer = Promise.withResolvers<Uint8Array>();
  #message: AnswerMessage | undefined;

  /** The answer's message, compression undone. */
  get answer(): Promise<Uint8Array> {
    return this.#answer.promise;
  }

  protected override received(message: AnswerMessage): void {
    if (this.#message !== undefined) throw unreadable("gRPC answer", "it has two messages, expected one");
    this.#message = message;
  }

  protected override completed(): void {
    const message = this.#message;
    if (message === undefined) {
      return this.fail(unreadable("gRPC answer", "its status is OK, but it has no whole message"));
    }
    if (!message.compressed) return this.#succeed(message.bytes);
    decompressAnswer(this.coding, message.bytes, this.request.maxAnswerBytes).then(
      (bytes) => this.#succeed(bytes),
      (error: unknown) => this.fail(error),
    );
  }

  protected override failed(reason: unknown): void {
    this.#answer.reject(reason);
  }

  #succeed(message: Uint8Array): void {
    if (this.finish()) this.#answer.resolve(message);
  }
}
