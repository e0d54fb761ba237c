import { HttpError, KtsError, isKtsError } from "../../contract/errors.ts";
import { isRepeatable, isUnavailable } from "../../client/repeatable.ts";
import { ServerAnswered } from "../../client/server-error.ts";
import type { RemoteSettings } from "./settings.ts";

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 1000;

/**
 * A failure of a call to the predictor as the answer of this server: the predictor's own status, reason and Retry-After
 * where it answered 4xx or 5xx. The predictor's address stays out of it: callers may be strangers, and the log has it.
 */
export function remoteFailure(error: unknown, { url, timeoutMs }: RemoteSettings): unknown {
  if (!isKtsError(error)) return error;
  switch (error.code) {
    case "KTS_SERVER_ANSWERED":
      return answered(error);
    case "KTS_SERVER_UNREACHABLE":
      return unreachable(error, url);
    case "KTS_DEADLINE_EXCEEDED":
      return new KtsError("KTS_DEADLINE_EXCEEDED", `The predictor did not answer within ${timeoutMs} ms.`, {
        cause: error,
        hint: "Raise --predictor_request_timeout_seconds.",
      });
    case "KTS_INVALID_INPUT":
      return new KtsError("KTS_PREDICTOR_FAILED", `The predictor cannot be sent this: ${error.message}`, {
        cause: error,
      });
    case "KTS_CANCELLED":
      return new KtsError("KTS_SHUTTING_DOWN", "the server is shutting down", { cause: error });
    default:
      return error;
  }
}

/** A redirect, and a success that is not what was asked for, are the predictor's fault: 502. */
function answered(error: KtsError): KtsError {
  if (error instanceof ServerAnswered && error.status >= 400 && error.status <= 599) {
    const { status, reason, retryAfterSeconds } = error;
    return new HttpError(status, reason === "" ? `The predictor answered ${status}.` : reason, {
      cause: error,
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    });
  }
  const message = error.message.replace(/^The server\b/, "The predictor");
  return new KtsError("KTS_SERVER_ANSWERED", message, { cause: error, status: 502 });
}

/**
 * Without a connection nothing has happened, and another try may find the predictor: 503 with Retry-After. A connection
 * that broke may have had the request worked on: 502, and no word about trying again.
 */
function unreachable(error: KtsError, url: string): KtsError {
  const message = error.message.replaceAll(url, "the predictor");
  return new KtsError("KTS_SERVER_UNREACHABLE", message, {
    cause: error,
    hint: "Is the predictor running at --predictor_host?",
    ...(isRepeatable(error) && { status: 503, retryAfterSeconds: 1 }),
  });
}

/**
 * How long to wait before a call is tried again; undefined where it must not be. A predictor that was never reached has
 * not run the model; one that answered 503 most likely has not, and who asks for retries has said that it may run twice.
 * One that asks for more patience than ours is left to the caller's.
 * @param failures calls that have failed before this one
 */
export function retryWaitMs(error: unknown, failures: number): number | undefined {
  if (!isKtsError(error)) return undefined;
  const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
  if (isRepeatable(error)) return waitMs;
  if (!isUnavailable(error)) return undefined;
  const asked = (error.retryAfterSeconds ?? 0) * 1000;
  return asked > LONGEST_WAIT_MS ? undefined : Math.max(waitMs, asked);
}
