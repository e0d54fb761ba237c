/** A failure that an example is to be answered with. */
export interface ExpectedFailure {
  /** HTTP status; over gRPC the one that says the same. */
  readonly status: number;
  /** What the message has to contain; undefined: any message will do. */
  readonly error: string | undefined;
}

/** The failure that an expected answer asks for: `{"status": 400, "error": "..."}`. Undefined where it is an answer. */
export function expectedFailure(expected: unknown): ExpectedFailure | undefined {
  if (typeof expected !== "object" || expected === null || Array.isArray(expected)) return undefined;
  const { status, error } = expected as { status?: unknown; error?: unknown };
  const isFailure = Number.isInteger(status) && (status as number) >= 400 && (status as number) <= 599;
  const others = Object.keys(expected).filter((key) => key !== "status" && key !== "error");
  if (!isFailure || others.length > 0) return undefined;
  return { status: status as number, error: typeof error === "string" ? error : undefined };
}
