/**
 * Errors of requests that can be sent again without anything being done twice: nobody has begun to work on them. Kept
 * beside the errors, since it is for the client alone and not for those who catch them.
 */
const marked = new WeakSet<object>();

/** Marks the error of a request that nobody has begun to work on. */
export function repeatable<E extends object>(error: E): E {
  marked.add(error);
  return error;
}

/** Whether nobody has begun to work on the request behind the error. */
export function isRepeatable(error: unknown): boolean {
  return typeof error === "object" && error !== null && marked.has(error);
}
