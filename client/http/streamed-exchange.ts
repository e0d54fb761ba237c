import type { IncomingMessage } from "node:http";
import type { StreamedAnswer } from "../transport.ts";
import { brokenConnection, connectionError, streamLeft } from "./connection-error.ts";
import { type AnswerHead, HttpExchange } from "./http-exchange.ts";

/** An exchange whose answer is read as it comes. */
export class StreamedExchange extends HttpExchange {
  readonly #answer = Promise.withResolvers<StreamedAnswer>();
  #failure: { readonly reason: unknown } | undefined;

  /** The answer, once its head is there. */
  get answer(): Promise<StreamedAnswer> {
    return this.#answer.promise;
  }

  protected override receive(response: IncomingMessage, head: AnswerHead): void {
    // Who reads the body hears of it; until then somebody has to listen.
    response.on("error", () => undefined);
    const cancel = (): void => this.fail(streamLeft());
    this.#answer.resolve({ ...head, body: this.#read(response), cancel });
  }

  protected override failed(reason: unknown): void {
    this.#failure = { reason };
    this.#answer.reject(reason);
  }

  /** Chunk by chunk: what is not asked for stays in the connection, and so at the server. */
  async *#read(response: IncomingMessage): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for await (const chunk of response as AsyncIterable<Uint8Array>) yield chunk;
    } catch (error) {
      this.fail(connectionError(error as Error, this.url));
    }
    if (this.#failure === undefined && response.complete) return void this.finish();
    this.fail(brokenConnection(this.url));
    throw this.#failure?.reason;
  }
}
