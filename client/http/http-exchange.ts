import type { ClientRequest, IncomingMessage } from "node:http";
import { KtsError } from "../../contract/errors.ts";
import { repeatable } from "../repeatable.ts";
import type { HttpHeaders, ServerAnswer, TransportRequest } from "../transport.ts";
import { AnswerBody } from "./answer-body.ts";
import { brokenConnection, connectionError } from "./connection-error.ts";
import { sendBody } from "./send-body.ts";

/** The longest a timer can run; a longer one would end at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** One request and its answer, under a deadline and a signal. Whatever ends it first decides. */
export class HttpExchange {
  /** The whole answer. */
  readonly answer: Promise<ServerAnswer>;
  readonly #request: ClientRequest;
  readonly #plan: TransportRequest;
  readonly #url: string;
  readonly #resolve: (answer: ServerAnswer) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #timer: NodeJS.Timeout | undefined;
  #answered = false;
  #ended = false;

  /**
   * Sends the request.
   * @param request opened, nothing sent
   * @param url of the server, for errors
   */
  constructor(request: ClientRequest, plan: TransportRequest, url: string) {
    const { promise, resolve, reject } = Promise.withResolvers<ServerAnswer>();
    this.answer = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#request = request;
    this.#plan = plan;
    this.#url = url;
    const { timeoutMs, signal } = plan;
    if (timeoutMs <= LONGEST_TIMER_MS) this.#timer = setTimeout(this.#expire, timeoutMs);
    signal?.addEventListener("abort", this.#abort);
    request.on("response", (response) => this.#receive(response));
    request.on("error", (error) => {
      const failure = connectionError(error, url);
      this.fail(isConnecting(error) ? repeatable(failure) : failure);
    });
    request.on("close", () => this.#answered || this.fail(brokenConnection(url)));
    sendBody(request, plan.body);
  }

  /** Ends the exchange, unless it has ended, and cuts its connection. */
  fail(reason: unknown): void {
    if (!this.#end()) return;
    this.#reject(reason);
    this.#request.destroy();
  }

  readonly #expire = (): void => {
    const { method, path, timeoutMs } = this.#plan;
    const what = `${method} ${path} at ${this.#url}`;
    this.fail(new KtsError("KTS_DEADLINE_EXCEEDED", `${what} was not answered within ${timeoutMs} ms.`));
  };

  readonly #abort = (): void => this.fail(this.#plan.signal?.reason);

  #receive(response: IncomingMessage): void {
    this.#answered = true;
    const { socket, statusCode: status = 0 } = response;
    const headers = readHeaders(response);
    const body = new AnswerBody(headers, this.#plan.maxAnswerBytes);
    response.on("data", (chunk: Uint8Array) => body.add(chunk) || this.#refuse());
    response.on("error", (error) => this.fail(connectionError(error, this.#url)));
    response.on("end", () => {
      if (!response.complete) return this.fail(brokenConnection(this.#url));
      this.#succeed({ status, headers, bytes: body.finish() });
      // A server that answered ahead of the body's end does not want the rest of it. One that failed may close the
      // connection behind its answer, as uvicorn does, and the next request would be lost with it.
      if (!this.#request.writableFinished || status >= 500) socket.destroy();
    });
    if (body.tooLarge) this.#refuse();
  }

  #refuse(): void {
    const { maxAnswerBytes } = this.#plan;
    this.fail(
      new KtsError("KTS_SERVER_ANSWERED", `The server's answer is larger than ${maxAnswerBytes} bytes.`, {
        hint: "Ask for less at once, or raise maxAnswerBytes.",
      }),
    );
  }

  #succeed(answer: ServerAnswer): void {
    if (this.#end()) this.#resolve(answer);
  }

  #end(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#plan.signal?.removeEventListener("abort", this.#abort);
    return true;
  }
}

/** Whether there was no connection yet. Node tries all addresses of a name, and then throws one error for all. */
function isConnecting(error: Error): boolean {
  const [first] = error instanceof AggregateError ? (error.errors as Error[]) : [error];
  const syscall = (first as NodeJS.ErrnoException | undefined)?.syscall;
  return syscall === "connect" || syscall === "getaddrinfo";
}

function readHeaders({ headers }: IncomingMessage): HttpHeaders {
  const read = Object.create(null) as Record<string, string>;
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) read[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return read;
}
