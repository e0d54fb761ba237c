import { streamLeft } from "../http/connection-error.ts";
import { type AnswerMessage, streamedOffset } from "./answer-reader.ts";
import { decompressAnswer } from "./decompress.ts";
import { GrpcExchange } from "./grpc-exchange.ts";

/** How a call ended. */
type End = { readonly failure: unknown } | "complete";

/**
 * A call with any number of messages for an answer. While one waits to be taken nothing more is read, so that HTTP/2's
 * flow control holds the server back.
 */
export class StreamExchange extends GrpcExchange {
  protected override readonly rawOffset = streamedOffset;
  readonly #begun = Promise.withResolvers<void>();
  readonly #waiting: AnswerMessage[] = [];
  #ending: End | undefined;
  #wake: () => void = () => undefined;

  /** Fulfilled when there is a message, or there are none; rejected when the call fails before. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  /**
   * The answer's messages, compression undone, to be read once. Who stops reading ends the call.
   * @throws what the call failed with, behind the messages that came before
   */
  async *messages(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (let message = await this.#next(); message !== undefined; message = await this.#next()) {
        const { compressed, bytes } = message;
        if (compressed) yield await decompressAnswer(this.coding, bytes, this.request.maxAnswerBytes);
        else yield bytes;
      }
    } finally {
      this.fail(streamLeft());
    }
  }

  protected override received(message: AnswerMessage): void {
    this.#waiting.push(message);
    this.stream?.pause();
    this.#begun.resolve();
    this.#wake();
  }

  protected override completed(): void {
    this.finish();
    this.#conclude("complete");
  }

  protected override failed(failure: unknown): void {
    this.#begun.reject(failure);
    this.#conclude({ failure });
  }

  #conclude(end: End): void {
    this.#ending = end;
    this.#begun.resolve();
    this.#wake();
  }

  async #next(): Promise<AnswerMessage | undefined> {
    for (;;) {
      const message = this.#waiting.shift();
      if (message !== undefined) return message;
      if (this.#ending === "complete") return undefined;
      if (this.#ending !== undefined) throw this.#ending.failure;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      this.stream?.resume();
      await promise;
    }
  }
}
