import type { IncomingMessage } from "node:http";
import type { ServerAnswer } from "../transport.ts";
import { AnswerBody } from "./answer-body.ts";
import { answerTooLarge, brokenConnection, connectionError } from "./connection-error.ts";
import { type AnswerHead, HttpExchange } from "./http-exchange.ts";

/** An exchange whose answer is wanted as a whole. */
export class WholeExchange extends HttpExchange {
  readonly #answer = Promise.withResolvers<ServerAnswer>();

  /** The whole answer. */
  get answer(): Promise<ServerAnswer> {
    return this.#answer.promise;
  }

  protected override receive(response: IncomingMessage, { status, headers }: AnswerHead): void {
    const { maxAnswerBytes } = this.plan;
    const body = new AnswerBody(headers, maxAnswerBytes);
    const refuse = (): void => this.fail(answerTooLarge(maxAnswerBytes));
    response.on("data", (chunk: Uint8Array) => body.add(chunk) || refuse());
    response.on("error", (error) => this.fail(connectionError(error, this.url)));
    response.on("end", () => {
      if (!response.complete) return this.fail(brokenConnection(this.url));
      if (this.finish()) this.#answer.resolve({ status, headers, bytes: body.finish() });
    });
    if (body.tooLarge) refuse();
  }

  protected override failed(reason: unknown): void {
    this.#answer.reject(reason);
  }
}
