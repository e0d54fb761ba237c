import { messageOf } from "./errors.ts";

/** The failure behind the others: fetch wraps the socket's, and Node several where a name has several addresses. */
export function deepestCause(error: unknown): Error {
  let found = error instanceof Error ? error : new Error(messageOf(error));
  for (;;) {
    const inner: unknown = found instanceof AggregateError ? (found.errors as unknown[])[0] : found.cause;
    if (!(inner instanceof Error)) return found;
    found = inner;
  }
}
