import { KtsError, isKtsError } from "../contract/errors.ts";

/** The error for an answer that is a success, but not what was asked for. */
export function unreadable(what: string, problem: string, cause?: unknown): KtsError {
  return new KtsError("KTS_SERVER_ANSWERED", `The server's answer is no ${what}: ${problem}`, {
    cause,
    hint: "Is that the server you mean, and does it speak this protocol?",
  });
}

/**
 * Reads an answer.
 * @param what it should be, for the error
 * @throws KtsError KTS_SERVER_ANSWERED where `read` throws an error about input
 */
export function readAs<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isKtsError(error)) throw error;
    throw unreadable(what, error.message, error);
  }
}
