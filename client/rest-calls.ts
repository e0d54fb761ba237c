import type { EncodedBody } from "../protocol/body.ts";
import { type Address, parseAddress } from "./address.ts";
import { EVENT_TYPE } from "./events/stream-answers.ts";
import { clientClosed } from "./http/connection-error.ts";
import { readWhole } from "./http/read-whole.ts";
import { readHealth } from "./metadata.ts";
import { type CallOptions, type ClientOptions, type ResolvedOptions, resolveOptions } from "./options.ts";
import { requestHeaders } from "./request-headers.ts";
import { type RetryPlan, retryPlan, withRetries } from "./retry.ts";
import { isSuccess, serverError, successful } from "./server-error.ts";
import type { ServerAnswer, StreamedAnswer, Transport, TransportRequest } from "./transport.ts";

/** What KServe answers while it is not ready, and what MLServer and Triton do. */
const NOT_READY = [503, 400];

/** What is sent, and where to. */
interface Question {
  readonly method: "GET" | "POST";
  /** Behind the base URL. */
  readonly path: string;
  readonly body: EncodedBody | undefined;
  /** The media type that is wanted. Default: any. */
  readonly accept?: string;
}

/** Sends a client's requests, with its options and a call's, and again where that is safe. */
export class RestCalls {
  readonly options: ResolvedOptions;
  readonly #address: Address;
  readonly #transport: Transport;
  readonly #closing = new AbortController();

  /** @param connect makes what carries the requests */
  constructor(baseUrl: string | URL, options: ClientOptions, connect: (address: Address) => Transport) {
    this.#address = parseAddress(baseUrl);
    this.options = resolveOptions(options);
    this.#transport = connect(this.#address);
  }

  get baseUrl(): string {
    return this.#address.url;
  }

  /** Whether a health route says yes. */
  health(path: string, member: string, options: CallOptions): Promise<boolean> {
    const question = { method: "GET", path, body: undefined } as const;
    return withRetries(this.#plan(options, true), async (timeoutMs) => {
      const answer = await this.#transport.send(this.#request(question, options, timeoutMs));
      if (NOT_READY.includes(answer.status)) return false;
      return readHealth(successful(answer).bytes, member);
    });
  }

  /** GETs a body. */
  async get(path: string, options: CallOptions): Promise<Uint8Array> {
    return (await this.#ask({ method: "GET", path, body: undefined }, options, true)).bytes;
  }

  /** POSTs what only reads. */
  async read(path: string, body: EncodedBody, options: CallOptions): Promise<Uint8Array> {
    return (await this.#ask({ method: "POST", path, body }, options, true)).bytes;
  }

  /** POSTs what may change something. */
  post(path: string, body: EncodedBody, options: CallOptions): Promise<ServerAnswer> {
    return this.#ask({ method: "POST", path, body }, options, false);
  }

  /** POSTs, and gives the answer once it has begun. Nothing is tried again after that. */
  stream(path: string, body: EncodedBody, options: CallOptions): Promise<StreamedAnswer> {
    const question = { method: "POST", path, body, accept: EVENT_TYPE } as const;
    return withRetries(this.#plan(options, false), async (timeoutMs) => {
      const answer = await this.#transport.stream(this.#request(question, options, timeoutMs));
      if (isSuccess(answer.status)) return answer;
      throw serverError(await readWhole(answer, this.options.maxAnswerBytes));
    });
  }

  /** Closes the connections. Calls under way, and later ones, fail. */
  close(): void {
    this.#closing.abort(clientClosed());
    this.#transport.close();
  }

  #ask(question: Question, options: CallOptions, reads: boolean): Promise<ServerAnswer> {
    return withRetries(this.#plan(options, reads), async (timeoutMs) =>
      successful(await this.#transport.send(this.#request(question, options, timeoutMs))),
    );
  }

  #plan(options: CallOptions, reads: boolean): RetryPlan {
    return retryPlan(this.options, options, this.#closing.signal, reads);
  }

  #request(
    { method, path, body, accept }: Question,
    options: CallOptions,
    timeoutMs: number,
  ): TransportRequest {
    const { headers, maxAnswerBytes } = this.options;
    return {
      method,
      path: this.#address.prefix + path,
      headers: requestHeaders(body, headers, options, accept),
      body: body && [body.head, ...body.tail],
      timeoutMs,
      signal: options.signal,
      maxAnswerBytes,
    };
  }
}
