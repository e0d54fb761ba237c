/*
 * What is known of a failed request beside its error. Kept apart from the errors, since it is for those who may send the
 * request again, not for those who catch the error.
 */
const notBegun = new WeakSet<object>();
const turnedAway = new WeakSet<object>();

/** Marks the error of a request that nobody has begun to work on: sent again, nothing is done twice. */
export function repeatable<E extends object>(error: E): E {
  notBegun.add(error);
  return error;
}

/** Whether nobody has begun to work on the request behind the error. */
export function isRepeatable(error: unknown): boolean {
  return typeof error === "object" && error !== null && notBegun.has(error);
}

/**
 * Marks the error of a server that is not able to answer just now (503, UNAVAILABLE). Another try may succeed, but the
 * request may have been worked on: servers, and proxies in front of them, say the same where a worker died of it.
 */
export function unavailable<E extends object>(error: E): E {
  turnedAway.add(error);
  return error;
}

/** Whether the server said that it is not able to answer just now. */
export function isUnavailable(error: unknown): boolean {
  return typeof error === "object" && error !== null && turnedAway.has(error);
}
