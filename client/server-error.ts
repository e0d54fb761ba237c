import { KtsError, type KtsErrorOptions, isKtsError } from "../contract/errors.ts";
import { oneLine } from "./one-line.ts";
import { unavailable } from "./repeatable.ts";
import type { ServerAnswer } from "./transport.ts";

/** A larger body is no error message: it is shown as the text it begins with. */
const MOST_BYTES = 65_536;
const UNAVAILABLE = 503;
/** What a failure counts as that has no status: HTTP's, and gRPC's. */
const FAILED = 500;
const UNKNOWN = 2;
/** A body that is worth being parsed for an error. */
const FAILURE = /^\s*\{\s*"error"\s*:/;
/** Complaints of a list that go into a message. */
const MOST_DETAILS = 5;

/** An answer that is not a success. */
export class ServerAnswered extends KtsError {
  /** What the server said, without words of ours around it; "" where it said nothing. */
  readonly reason: string;

  constructor(message: string, reason: string, options: KtsErrorOptions) {
    super("KTS_SERVER_ANSWERED", message, options);
    this.reason = reason;
  }
}

/**
 * The answer, if the server did what was asked.
 * @throws ServerAnswered with the server's status, reason and Retry-After
 */
export function successful(answer: ServerAnswer): ServerAnswer {
  if (isSuccess(answer.status)) return answer;
  throw serverError(answer);
}

/** Whether the server said that what was asked for is not there. */
export function isNotFound(error: unknown): boolean {
  return isKtsError(error) && error.code === "KTS_SERVER_ANSWERED" && error.status === 404;
}

/** Whether a status says that the server did what was asked. */
export function isSuccess(status: number): boolean {
  return status >= 200 && status <= 299;
}

/**
 * The error for a failure that a server told within a stream: it cannot say a status there.
 * @param data such as `{"error": "..."}`
 */
export function streamError(data: string): ServerAnswered {
  return failureWithin(oneLine(readReason(data) ?? data));
}

/** @param reason the server's words */
export function failureWithin(reason: string): ServerAnswered {
  const said = reason === "" ? " without a message." : `: ${reason}`;
  return new ServerAnswered(`The server failed within its stream${said}`, reason, {
    status: FAILED,
    grpcStatus: UNKNOWN,
  });
}

/**
 * Some servers say 200 ahead of a stream and tell the failure as its answer.
 * @throws ServerAnswered for a body of JSON that has `error` alone
 */
export function throwIfFailed(bytes: Uint8Array): void {
  if (bytes.length > MOST_BYTES) return;
  const text = new TextDecoder().decode(bytes);
  if (!FAILURE.test(text)) return;
  const { error, ...others } = parseObject(text) ?? {};
  if (typeof error === "string" && Object.keys(others).length === 0) throw failureWithin(oneLine(error));
}

/** An answer that is not a success, as an error: the server's status, and its reason as far as it gives one. */
export function serverError({ status, headers, bytes }: ServerAnswer): ServerAnswered {
  const retryAfter = headers["retry-after"] ?? "";
  const location = status < 400 ? headers["location"] : undefined;
  const reason = location === undefined ? reasonOf(bytes) : "";
  let said = reason === "" ? " with an empty body." : `: ${reason}`;
  if (location !== undefined) said = ` and points to ${oneLine(location)}; use that address.`;
  const error = new ServerAnswered(`The server answered ${status}${said}`, reason, {
    status,
    ...(/^\d{1,9}$/.test(retryAfter) && { retryAfterSeconds: Number(retryAfter) }),
  });
  return status === UNAVAILABLE ? unavailable(error) : error;
}

function reasonOf(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, MOST_BYTES));
  return oneLine(bytes.length > MOST_BYTES ? text : (readReason(text) ?? text));
}

/**
 * The reason in a JSON body: `error` as KServe, MLServer, Triton and TensorFlow Serving have it, `error.message` of the
 * OpenAI routes, `detail` of FastAPI, `message` of TorchServe.
 */
function readReason(text: string): string | undefined {
  const body = parseObject(text);
  const { error, detail, message } = body ?? {};
  if (typeof error === "string") return error;
  const inner = (error as { message?: unknown } | null | undefined)?.message;
  if (typeof inner === "string") return inner;
  if (typeof detail === "string") return detail;
  if (Array.isArray(detail) && detail.length > 0) return joinDetails(detail);
  return typeof message === "string" ? message : undefined;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** FastAPI's complaints about a body: each with its place and a text. */
function joinDetails(details: readonly unknown[]): string {
  const said = details.slice(0, MOST_DETAILS).map((detail) => {
    const { loc, msg } = (detail ?? {}) as { loc?: unknown; msg?: unknown };
    if (typeof msg !== "string") return JSON.stringify(detail);
    return Array.isArray(loc) ? `${loc.join(".")}: ${msg}` : msg;
  });
  if (details.length > MOST_DETAILS) said.push("...");
  return said.join("; ");
}
