import { Agent as HttpAgent, type RequestOptions, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { readFileSync } from "node:fs";
import { KtsError } from "../../contract/errors.ts";
import type { PredictorLog } from "../../contract/predictor.ts";
import { binaryEventHeaders } from "../../protocol/cloud-events.ts";
import type { ServerOptions } from "../options.ts";

/** As many as KServe's agent keeps, and no more memory than a few large bodies take. */
const MOST_WAITING = 100;
const MOST_WAITING_BYTES = 64 << 20;
const AT_ONCE = 4;
const SEND_MS = 10_000;
const DISPOSE_MS = 3_000;

const TYPES = {
  request: "org.kubeflow.serving.inference.request",
  response: "org.kubeflow.serving.inference.response",
} as const;

/** A body to be logged. */
export interface LoggedBody {
  /** The same for a request and its answer. */
  readonly id: string;
  readonly contentType: string | undefined;
  /** Bytes of JSON in front of binary tensors. */
  readonly jsonLength: number | undefined;
  /** Copied at once: both are freed or handed on soon. */
  readonly parts: readonly (string | Uint8Array)[];
}

/** Events by what became of them. */
export interface PayloadCounts {
  sent: number;
  /** The receiver did not take it. */
  failed: number;
  /** Too many waited already. */
  dropped: number;
}

/**
 * Sends what is asked and answered to a URL, as CloudEvents like those of KServe's agent. It never slows or fails a
 * request: what the receiver does not take in time is dropped, and counted.
 */
export class PayloadLog implements AsyncDisposable {
  readonly counts: PayloadCounts = { sent: 0, failed: 0, dropped: 0 };
  readonly #url: URL;
  readonly #mode: ServerOptions["payloadLogMode"];
  readonly #attributes: Readonly<Record<string, string>>;
  readonly #log: PredictorLog;
  readonly #agent: HttpAgent;
  readonly #waiting: Event[] = [];
  #waitingBytes = 0;
  #sending = 0;
  #isFailing = false;
  #idle: (() => void) | undefined;

  /** @throws KtsError KTS_USAGE when the URL is none */
  constructor(
    url: string,
    mode: ServerOptions["payloadLogMode"],
    serviceName: string,
    log: PredictorLog,
    env: Readonly<Record<string, string | undefined>> = process.env,
  ) {
    this.#url = parseUrl(url);
    this.#mode = mode;
    this.#log = log;
    const options = { keepAlive: true, maxSockets: AT_ONCE };
    this.#agent = this.#url.protocol === "https:" ? new HttpsAgent(options) : new HttpAgent(options);
    const namespace = env["POD_NAMESPACE"] ?? ownNamespace();
    this.#attributes = {
      inferenceservicename: env["INFERENCE_SERVICE_NAME"] ?? serviceName,
      ...(namespace !== undefined && { namespace }),
      component: "predictor",
    };
  }

  /** Logs a request, where requests are wanted. */
  request(body: LoggedBody): void {
    if (this.#mode !== "response") this.#add("request", body);
  }

  /** Logs an answer, where answers are wanted. */
  response(body: LoggedBody): void {
    if (this.#mode !== "request") this.#add("response", body);
  }

  /** Sends what waits, for a bounded time. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#sending > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, DISPOSE_MS);
      this.#idle = resolve;
      await promise;
      clearTimeout(timer);
    }
    this.counts.dropped += this.#waiting.splice(0).length;
    this.#agent.destroy();
  }

  #add(kind: keyof typeof TYPES, body: LoggedBody): void {
    let size = 0;
    for (const part of body.parts)
      size += typeof part === "string" ? Buffer.byteLength(part) : part.byteLength;
    if (this.#waiting.length >= MOST_WAITING || this.#waitingBytes + size > MOST_WAITING_BYTES) {
      this.counts.dropped++;
      return;
    }
    const bytes = Buffer.allocUnsafeSlow(size);
    let at = 0;
    for (const part of body.parts) {
      if (typeof part === "string") at += bytes.write(part, at);
      else {
        bytes.set(part, at);
        at += part.byteLength;
      }
    }
    this.#waiting.push({ kind, body, bytes, time: new Date().toISOString() });
    this.#waitingBytes += size;
    if (this.#sending < AT_ONCE) void this.#sendWaiting();
  }

  async #sendWaiting(): Promise<void> {
    this.#sending++;
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
      const problem = await this.#send(event);
      this.#waitingBytes -= event.bytes.byteLength;
      this.#note(problem);
    }
    this.#sending--;
    if (this.#sending === 0) this.#idle?.();
  }

  /** @returns what went wrong */
  async #send({ kind, body, bytes, time }: Event): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const attributes = { specversion: "1.0", id: body.id, source: "kserve-ts", type: TYPES[kind], time };
    const headers = [
      ...["Host", this.#url.host, "Content-Length", String(bytes.byteLength)],
      ...["Content-Type", body.contentType ?? "application/json"],
      ...(body.jsonLength === undefined ? [] : ["Inference-Header-Content-Length", String(body.jsonLength)]),
      ...binaryEventHeaders({ ...attributes, ...this.#attributes }),
    ];
    const options: RequestOptions = { method: "POST", headers, agent: this.#agent, timeout: SEND_MS };
    const send = this.#url.protocol === "https:" ? httpsRequest : httpRequest;
    const outgoing = send(this.#url, options, (answer) => {
      const { statusCode = 0 } = answer;
      answer.resume();
      answer.on("close", () => resolve(statusCode < 300 ? undefined : `it answered ${statusCode}`));
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error(`it did not answer within ${SEND_MS} ms`)));
    outgoing.on("error", (error) => resolve(error.message));
    outgoing.end(bytes);
    return promise;
  }

  /** A receiver that is down is worth a line when it begins and when it ends, not one an event. */
  #note(problem: string | undefined): void {
    if (problem === undefined) this.counts.sent++;
    else this.counts.failed++;
    const isFailing = problem !== undefined;
    if (isFailing === this.#isFailing) return;
    this.#isFailing = isFailing;
    const where = `${this.#url.protocol}//${this.#url.host}`;
    if (isFailing) this.#log.warn(`payloads are not logged: ${where} fails: ${problem}`);
    else this.#log.info(`payloads are logged again to ${where}`);
  }
}

interface Event {
  readonly kind: keyof typeof TYPES;
  readonly body: LoggedBody;
  readonly bytes: Uint8Array;
  readonly time: string;
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new KtsError(
    "KTS_USAGE",
    `--payload_log_url is ${JSON.stringify(text)}, expected an http:// or https:// URL`,
  );
}

/** The namespace of the pod we run in; undefined outside a cluster. */
function ownNamespace(): string | undefined {
  try {
    return readFileSync("/var/run/secrets/kubernetes.io/serviceaccount/namespace", "utf8").trim();
  } catch {
    return undefined;
  }
}
