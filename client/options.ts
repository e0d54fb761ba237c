import { InvalidInput } from "../contract/errors.ts";
import { describeValue } from "../contract/describe.ts";
import type { HttpHeaders } from "./transport.ts";

const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_MAX_ANSWER_BYTES = 512 * 1_048_576;

/** What holds for every call of a client. */
export interface ClientOptions {
  /**
   * Milliseconds a call may take, from its start to the last byte of the answer; of a stream, to that of its last answer.
   * `Infinity`: no limit. Default 60 000.
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Headers of every request, such as `authorization`. `host` replaces the URL's host in the Host header, and in TLS
   * the name that the certificate has to be for: that is how a model behind a cluster's ingress is reached by the
   * ingress's address. Over gRPC they are metadata; values of names in `-bin` are given as base64. Default none.
   */
  readonly headers?: HttpHeaders | undefined;
  /** Send and ask for tensors in binary form; see {@link InferOptions.binary}. Default true. */
  readonly binary?: boolean | undefined;
  /** Bytes an answer may have, and each of a stream's; a larger one is an error and is not read on. Default 512 MiB. */
  readonly maxAnswerBytes?: number | undefined;
  /**
   * How often a call is tried again, where that can do nothing twice: when no connection came about, or the server had
   * too many requests to begin with it (429 with Retry-After; gRPC's RESOURCE_EXHAUSTED with pushback). What only reads,
   * such as metadata, and what is {@link ClientOptions.idempotent} is also tried again when its connection broke, and
   * after 503 or gRPC's UNAVAILABLE. A stream is tried again until its first answer is there. Waits longer each time,
   * from about 0.1 s to 5 s, and no less than the server asks for; never beyond `timeoutMs`, which is for all tries
   * together. Default 0: nothing is sent twice, and a failure is seen as it is.
   */
  readonly retries?: number | undefined;
  /**
   * Whether a model may be asked the same twice, so that `retries` holds as well where it may have run already: a server
   * says 503 or UNAVAILABLE also of a request that a worker died of. True for most models; false for a predictor with
   * effects of its own. Default false.
   */
  readonly idempotent?: boolean | undefined;
}

/** What holds for every call of a client over gRPC. */
export interface GrpcClientOptions extends ClientOptions {
  /**
   * Milliseconds between the pings by which a connection with calls under way is asked whether somebody is still there.
   * `Infinity`: none but the one after a call whose deadline has passed. Many servers close a connection that is asked
   * more often than every 5 minutes. Default 300 000.
   */
  readonly keepAliveMs?: number | undefined;
  /** Milliseconds in which a ping has to be answered; else the connection is given up. Default 20 000. */
  readonly keepAliveTimeoutMs?: number | undefined;
}

/** What every call takes. */
export interface CallOptions {
  /** Ends the call when it is aborted; the call then throws the signal's reason. Default none. */
  readonly signal?: AbortSignal | undefined;
  /** In place of the client's {@link ClientOptions.timeoutMs}. */
  readonly timeoutMs?: number | undefined;
  /** In place of the client's {@link ClientOptions.retries}. */
  readonly retries?: number | undefined;
  /** In place of the client's {@link ClientOptions.idempotent}. */
  readonly idempotent?: boolean | undefined;
  /** Headers of this request; each replaces the client's of the same name. Default none. */
  readonly headers?: HttpHeaders | undefined;
  /** The X-Request-Id header: the server logs it and says it again in its answer. Default none. */
  readonly requestId?: string | undefined;
}

/** What a call about one model takes. */
export interface ModelOptions extends CallOptions {
  /** The model's version. Default: the one the server chooses. */
  readonly version?: string | undefined;
}

/** What `predict`, `predictStream` and `explain` take. */
export interface PredictOptions extends CallOptions {
  /** Members of the body beside `instances`. Default none. */
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
}

/** What `generate` and `generateStream` take. */
export interface GenerateOptions extends ModelOptions {
  /** The request's `parameters`, such as `max_tokens`. Default none. */
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
}

/** What `infer` and `inferStream` take. */
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
   * Over gRPC: in raw contents, else in typed contents, which are slower, and no form for FP16 and BF16.
   * The answers of a stream over REST are JSON either way. Default: the client's, which is true.
   */
  readonly binary?: boolean | undefined;
}

/** The options of a client, checked, with their defaults. */
export interface ResolvedOptions {
  readonly timeoutMs: number;
  readonly headers: HttpHeaders;
  readonly binary: boolean;
  readonly maxAnswerBytes: number;
  readonly retries: number;
  readonly idempotent: boolean;
}

/** @throws InvalidInput when a number is not what it may be */
export function resolveOptions(options: ClientOptions): ResolvedOptions {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, maxAnswerBytes = DEFAULT_MAX_ANSWER_BYTES } = options;
  return {
    timeoutMs: checkPositive(timeoutMs, "timeoutMs"),
    maxAnswerBytes: checkPositive(maxAnswerBytes, "maxAnswerBytes"),
    headers: options.headers ?? {},
    binary: options.binary ?? true,
    retries: checkCount(options.retries ?? 0, "retries"),
    idempotent: options.idempotent ?? false,
  };
}

/** @throws InvalidInput when the value is not a number above 0 */
export function checkPositive(value: number, path: string): number {
  if (typeof value === "number" && value > 0) return value;
  throw new InvalidInput(`expected a number above 0, got ${describeValue(value)}`, { path });
}

/** @throws InvalidInput when the value is not a whole number of 0 or more */
export function checkCount(value: number, path: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidInput(`expected a whole number of 0 or more, got ${describeValue(value)}`, { path });
}
