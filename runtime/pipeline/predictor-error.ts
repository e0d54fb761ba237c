import { KtsError, isKtsError } from "../../contract/errors.ts";

/** What a predictor threw, as an error of ours: what it threw on purpose as it is, anything else a 500. */
export function predictorError(error: unknown): KtsError {
  if (isKtsError(error)) return error;
  return new KtsError("KTS_PREDICTOR_FAILED", describeThrown(error), { cause: error });
}

/** KServe's form of an exception that is not one of its own. */
export function describeThrown(error: unknown): string {
  return error instanceof Error ? `${error.name} : ${error.message}` : `Error : ${String(error)}`;
}

/** A status that says "not now" to everybody. */
const TOO_MANY_REQUESTS = 429;

/**
 * Whether what a shared run threw is about all of its requests, so that none would fare better alone: the predictor
 * (or we) chose a status that blames the server. A plain exception may well be one request's doing.
 */
export function isAboutAll(error: unknown): boolean {
  if (!isKtsError(error) || error.code === "KTS_PREDICTOR_FAILED") return false;
  return error.status >= 500 || error.status === TOO_MANY_REQUESTS;
}
