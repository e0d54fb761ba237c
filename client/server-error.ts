import { KtsError } from "../contract/errors.ts";
import { oneLine } from "./one-line.ts";
import type { ServerAnswer } from "./transport.ts";

/** A larger body is no error message: it is shown as the text it begins with. */
const MOST_BYTES = 65_536;
/** Complaints of a list that go into a message. */
const MOST_DETAILS = 5;

/**
 * The answer, if the server did what was asked.
 * @throws KtsError KTS_SERVER_ANSWERED with the server's status, reason and Retry-After
 */
export function successful(answer: ServerAnswer): ServerAnswer {
  if (answer.status >= 200 && answer.status <= 299) return answer;
  throw serverError(answer);
}

/** An answer that is not a success, as an error: the server's status, and its reason as far as it gives one. */
function serverError({ status, headers, bytes }: ServerAnswer): KtsError {
  const retryAfter = headers["retry-after"] ?? "";
  const message = `The server answered ${status}${reasonOf(status, headers, bytes)}`;
  return new KtsError("KTS_SERVER_ANSWERED", message, {
    status,
    ...(/^\d{1,9}$/.test(retryAfter) && { retryAfterSeconds: Number(retryAfter) }),
  });
}

function reasonOf(status: number, headers: ServerAnswer["headers"], bytes: Uint8Array): string {
  const location = headers["location"];
  if (status < 400 && location !== undefined) return ` and points to ${oneLine(location)}; use that address.`;
  const text = new TextDecoder().decode(bytes.subarray(0, MOST_BYTES));
  const said = bytes.length > MOST_BYTES ? text : (readReason(text) ?? text);
  return said.trim() === "" ? " with an empty body." : `: ${oneLine(said)}`;
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
