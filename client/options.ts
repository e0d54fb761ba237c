import { InvalidInput } from "../contract/errors.ts";
import { describeValue } from "../contract/describe.ts";
import type { HttpHeaders } from "./transport.ts";

const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_MAX_ANSWER_BYTES = 512 * 1_048_576;

/** What holds for every call of a client. */
export interface ClientOptions {
  /** Milliseconds a call may take, from its start to the last byte of the answer. `Infinity`: no limit. Default 60 000. */
  readonly timeoutMs?: number | undefined;
  /**
   * HttpHeaders of every request, such as `authorization`. `host` replaces the URL's host in the Host header, and in TLS
   * the name that the certificate has to be for: that is how a model behind a cluster's ingress is reached by the
   * ingress's address. Default none.
   */
  readonly headers?: HttpHeaders | undefined;
  /** Send and ask for tensors in binary form; see {@link InferOptions.binary}. Default true. */
  readonly binary?: boolean | undefined;
  /** Bytes an answer may have; a larger one is an error and is not read on. Default 512 MiB. */
  readonly maxAnswerBytes?: number | undefined;
}

/** What every call takes. */
export interface CallOptions {
  /** Ends the call when it is aborted; the call then throws the signal's reason. Default none. */
  readonly signal?: AbortSignal | undefined;
  /** In place of the client's {@link ClientOptions.timeoutMs}. */
  readonly timeoutMs?: number | undefined;
  /** HttpHeaders of this request; each replaces the client's of the same name. Default none. */
  readonly headers?: HttpHeaders | undefined;
  /** The X-Request-Id header: the server logs it and says it again in its answer. Default none. */
  readonly requestId?: string | undefined;
}

/** What a call about one model takes. */
export interface ModelOptions extends CallOptions {
  /** The model's version. Default: the one the server chooses. */
  readonly version?: string | undefined;
}

/** What `predict` and `explain` take. */
export interface PredictOptions extends CallOptions {
  /** Members of the body beside `instances`. Default none. */
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
}

/** What `infer` takes. */
export interface InferOptions extends ModelOptions {
  /** Names of the outputs to answer with, in this order. Default: all. */
  readonly outputs?: readonly string[] | undefined;
  /** The request's `parameters`. Default none. */
  readonly parameters?: Readonly<Record<string, string | number | boolean>> | undefined;
  /** The request's id, which the answer has as well. Default: one that the server makes. */
  readonly id?: string | undefined;
  /**
   * Send the tensors in binary form and ask for binary outputs: far cheaper than JSON, exact, and the only form that
   * can say NaN, infinities and BYTES that are not UTF-8. False for servers that have JSON only, such as MLServer.
   * Default: the client's, which is true.
   */
  readonly binary?: boolean | undefined;
}

/** The options of a client, checked, with their defaults. */
export interface ResolvedOptions {
  readonly timeoutMs: number;
  readonly headers: HttpHeaders;
  readonly binary: boolean;
  readonly maxAnswerBytes: number;
}

/** @throws InvalidInput when a number is not above 0 */
export function resolveOptions(options: ClientOptions): ResolvedOptions {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, maxAnswerBytes = DEFAULT_MAX_ANSWER_BYTES } = options;
  return {
    timeoutMs: checkPositive(timeoutMs, "timeoutMs"),
    maxAnswerBytes: checkPositive(maxAnswerBytes, "maxAnswerBytes"),
    headers: options.headers ?? {},
    binary: options.binary ?? true,
  };
}

/** @throws InvalidInput when the value is not a number above 0 */
export function checkPositive(value: number, path: string): number {
  if (typeof value === "number" && value > 0) return value;
  throw new InvalidInput(`expected a number above 0, got ${describeValue(value)}`, { path });
}
