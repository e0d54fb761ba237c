import type { ClientRequest, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { CallLimits } from "../call-limits.ts";
import { repeatable } from "../repeatable.ts";
import type { HttpHeaders, TransportRequest } from "../transport.ts";
import { brokenConnection, connectionError, tooLate } from "./connection-error.ts";
import { sendBody } from "./send-body.ts";

/** The head of an answer. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: HttpHeaders;
}

/** One request and its answer, under a deadline and a signal. Whatever ends it first decides. */
export abstract class HttpExchange {
  protected readonly plan: TransportRequest;
  /** Of the server, for errors. */
  protected readonly url: string;
  readonly #request: ClientRequest;
  readonly #limits: CallLimits;
  readonly #onEnd: (exchange: HttpExchange) => void;
  #socket: Socket | undefined;
  #status = 0;
  #ended = false;

  /**
   * Sends the request.
   * @param request opened, nothing sent
   * @param onEnd called once, when it has ended
   */
  constructor(
    request: ClientRequest,
    plan: TransportRequest,
    url: string,
    onEnd: (exchange: HttpExchange) => void,
  ) {
    this.#request = request;
    this.plan = plan;
    this.url = url;
    this.#onEnd = onEnd;
    this.#limits = new CallLimits(
      plan,
      () => this.fail(tooLate(plan, url)),
      (reason) => this.fail(reason),
    );
    request.on("response", (response) => this.#receive(response));
    request.on("error", (error) => {
      const failure = connectionError(error, url);
      this.fail(isConnecting(error) ? repeatable(failure) : failure);
    });
    request.on("close", () => this.#socket !== undefined || this.fail(brokenConnection(url)));
    sendBody(request, plan.body);
  }

  /** Ends the exchange, unless it has ended, and cuts its connection. */
  fail(reason: unknown): void {
    if (!this.#end()) return;
    this.failed(reason);
    this.#request.destroy();
  }

  /** The answer begins. */
  protected abstract receive(response: IncomingMessage, head: AnswerHead): void;

  /** It has ended without all of the answer. */
  protected abstract failed(reason: unknown): void;

  /** All of the answer has come. @returns false when the exchange had ended before */
  protected finish(): boolean {
    const first = this.#end();
    // A server that answered ahead of the body's end does not want the rest of it. One that failed may close the
    // connection behind its answer, as uvicorn does, and the next request would be lost with it.
    if (!this.#request.writableFinished || this.#status >= 500) this.#socket?.destroy();
    return first;
  }

  #receive(response: IncomingMessage): void {
    const { socket, statusCode: status = 0 } = response;
    this.#socket = socket;
    this.#status = status;
    this.receive(response, { status, headers: readHeaders(response) });
  }

  #end(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.#limits.lift();
    this.#onEnd(this);
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
