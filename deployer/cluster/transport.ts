import type { Agent as HttpAgent, IncomingMessage, RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { KtsError, isKtsError } from "../../contract/errors.ts";
import { type Refusal, apiFailure } from "./api-failure.ts";
import { type Where, unreachable } from "./connect-failure.ts";
import type { Credentials } from "./credentials.ts";
import type { ServerTrust } from "./tls.ts";

/** Not imported: that makes each of its exports, undici's among them, and takes longer than the requests. */
const http = process.getBuiltinModule("node:http");

/** A request to the API server. */
export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With the query. */
  readonly path: string;
  readonly body?: unknown;
  /** Default: `application/json`. */
  readonly contentType?: string;
  /** What is wanted, after "Cannot", for messages. */
  readonly doing: string;
  /** Whether it may be sent twice. Default: for GET alone. */
  readonly repeatable?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** An answer, whatever its status. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: string;
  /** What the server warned of, in its words. */
  readonly warnings: readonly string[];
  readonly retryAfterSeconds: number | undefined;
}

/** So long until a connection stands, TLS included. */
const CONNECT_MS = 10_000;
/** So long until an answer begins: webhooks have 30 s at most. */
const ANSWER_MS = 60_000;
/** Pauses before a request is tried again. */
const PAUSES_MS = [100, 400, 1000] as const;
const LONGEST_PAUSE_MS = 10_000;

/** Requests to one API server as one user, over connections that are kept. */
export class Transport {
  readonly where: Where;
  readonly #credentials: Credentials;
  readonly #trust: ServerTrust;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #closing = new AbortController();

  constructor(where: Where, credentials: Credentials, trust: ServerTrust, agent?: HttpAgent) {
    this.where = where;
    this.#credentials = credentials;
    this.#trust = trust;
    const isTls = where.server.startsWith("https:");
    // Scheduling the newest free connection keeps few of them busy, so that the others may end.
    this.#agent = agent ?? new (isTls ? HttpsAgent : http.Agent)({ keepAlive: true, scheduling: "lifo" });
  }

  /**
   * The answer to a request that may be refused in a way the caller knows about.
   * @throws KtsError KTS_CLUSTER_UNREACHABLE, or KTS_CLUSTER_DENIED where there are no credentials
   */
  async send(request: ApiRequest): Promise<ApiAnswer> {
    const response = await this.open(request);
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      return { ...headOf(response), body: Buffer.concat(chunks).toString("utf8") };
    } catch (error) {
      throw this.failure(error, request.signal);
    }
  }

  /** The JSON of an answer. @throws KtsError when the server refuses */
  async json(
    request: ApiRequest,
  ): Promise<{ readonly value: unknown; readonly warnings: readonly string[] }> {
    const answer = await this.send(request);
    if (answer.status >= 400) throw this.refusal(answer, request.doing);
    return { value: this.parse(answer.body), warnings: answer.warnings };
  }

  /** @throws KtsError KTS_CLUSTER_FAILED when a body is no JSON: something in between answers */
  parse(body: string): unknown {
    try {
      return JSON.parse(body) as unknown;
    } catch (error) {
      const { server, context } = this.where;
      throw new KtsError(
        "KTS_CLUSTER_FAILED",
        `What answers at ${server} (context ${context}) is no Kubernetes API server: its answer is not JSON.`,
        { cause: error, hint: "Is the server's URL right, and does a proxy answer in its place?" },
      );
    }
  }

  refusal(refusal: Refusal, doing: string): KtsError {
    return apiFailure(refusal, doing, this.where);
  }

  /**
   * The answer to a request while its body comes. The caller reads or destroys it. Tries again where that is safe:
   * where the connection broke off and the request changes nothing, and where the server is too busy to have begun.
   */
  async open(request: ApiRequest): Promise<IncomingMessage> {
    const { method, repeatable = method === "GET" } = request;
    let renewed = false;
    for (let attempt = 0; ; attempt += 1) {
      const pauseMs = PAUSES_MS[attempt];
      let response: IncomingMessage;
      try {
        response = await this.#once(request);
      } catch (error) {
        if (pauseMs === undefined || !repeatable || !isBroken(error)) {
          throw this.failure(error, request.signal);
        }
        await this.#pause(pauseMs, request.signal);
        continue;
      }
      const { statusCode: status = 0 } = response;
      if (status === 401 && !renewed && this.#credentials.renewable) {
        renewed = true;
        this.#credentials.forget();
        response.resume();
        continue;
      }
      const { retryAfterSeconds } = headOf(response);
      const busy = status === 429 || (repeatable && (status === 503 || status === 504));
      if (!busy || pauseMs === undefined) return response;
      response.resume();
      const askedMs = (retryAfterSeconds ?? 0) * 1000;
      await this.#pause(Math.min(Math.max(pauseMs, askedMs), LONGEST_PAUSE_MS), request.signal);
    }
  }

  /** What a request of another kind (a WebSocket's) needs to reach the server as this user. */
  async options(path: string): Promise<RequestOptions> {
    const { headers, tls } = await this.#credentials.get();
    const url = new URL(this.where.server + path);
    const { ca, servername, rejectUnauthorized } = this.#trust;
    return {
      protocol: url.protocol,
      host: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port === "" ? undefined : url.port,
      path: `${url.pathname}${url.search}`,
      agent: this.#agent,
      headers: { ...headers, "user-agent": "kserve-ts" },
      ...({ ...tls, ca, rejectUnauthorized, ...(servername !== undefined && { servername }) } as object),
    };
  }

  /** Aborted when the connections are closed. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  close(): void {
    this.#closing.abort(new KtsError("KTS_CANCELLED", "The connection to the cluster was closed."));
    this.#agent.destroy();
  }

  async #once({ method, path, body, contentType, signal }: ApiRequest): Promise<IncomingMessage> {
    signal?.throwIfAborted();
    const options = await this.options(path);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const send = options.protocol === "https:" ? httpsRequest : http.request;
    const outgoing = send({
      ...options,
      method,
      signal: signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]),
      headers: {
        ...options.headers,
        accept: "application/json",
        ...(text !== undefined && {
          "content-type": contentType ?? "application/json",
          "content-length": Buffer.byteLength(text),
        }),
      },
    });
    return await new Promise((resolve, reject) => {
      const late = (ms: number, words: string): NodeJS.Timeout =>
        setTimeout(() => outgoing.destroy(Object.assign(new Error(words), { code: "ETIMEDOUT" })), ms);
      let timer = late(ANSWER_MS, "it does not answer in time");
      outgoing.on("socket", (socket) => {
        if (!socket.connecting) return;
        clearTimeout(timer);
        timer = late(CONNECT_MS, "it does not accept the connection in time");
        socket.once(options.protocol === "https:" ? "secureConnect" : "connect", () => {
          clearTimeout(timer);
          timer = late(ANSWER_MS, "it does not answer in time");
        });
      });
      outgoing.on("response", resolve);
      outgoing.on("error", reject);
      outgoing.on("close", () => clearTimeout(timer));
      outgoing.on("response", () => clearTimeout(timer));
      outgoing.end(text);
    });
  }

  async #pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    try {
      await sleep(ms, undefined, { signal });
    } catch (error) {
      throw this.failure(error, signal);
    }
  }

  /** What a request ended with, as an error of ours; the reason of the signal where that ended it. */
  failure(error: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted) return signal.reason;
    if (this.#closing.signal.aborted) return this.#closing.signal.reason;
    return isKtsError(error) ? error : unreachable(this.where, error);
  }
}

/** Whether a connection that stood broke off before an answer came. */
function isBroken(error: unknown): boolean {
  return ["ECONNRESET", "EPIPE"].includes(String((error as NodeJS.ErrnoException).code));
}

function headOf(response: IncomingMessage): Omit<ApiAnswer, "body"> {
  const after = Number(response.headers["retry-after"] ?? NaN);
  return {
    status: response.statusCode ?? 0,
    warnings: warningsIn(response.headersDistinct.warning ?? []),
    retryAfterSeconds: Number.isFinite(after) ? after : undefined,
  };
}

/** `299 - "unknown field \"spec.x\""`: several may stand in one header. */
function warningsIn(headers: readonly string[]): string[] {
  return headers.flatMap((header) =>
    [...header.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) =>
      text.replaceAll(/\\(.)/g, "$1"),
    ),
  );
}
