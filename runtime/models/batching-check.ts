import { describeValue } from "../../contract/describe.ts";
import { LONGEST_TIMER_MS } from "../longest-timer.ts";

/** What is wrong with a `batching`: where, what was expected and what came. Undefined: nothing. */
export function batchingProblem(value: unknown): { path: string; expected: string; got: string } | undefined {
  const problem = (path: string, expected: string, got: unknown) => ({
    path,
    expected,
    got: describeValue(got),
  });
  if (typeof value === "boolean") return undefined;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return problem("batching", "true, false or { maxBatchSize, maxDelayMs }", value);
  }
  const { maxBatchSize, maxDelayMs, ...others } = value as Record<string, unknown>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    return problem(`batching.${unknown}`, "only maxBatchSize and maxDelayMs", others[unknown]);
  if (maxBatchSize !== undefined && !(Number.isSafeInteger(maxBatchSize) && (maxBatchSize as number) > 0)) {
    return problem("batching.maxBatchSize", "an integer above 0", maxBatchSize);
  }
  const isDelay = typeof maxDelayMs === "number" && maxDelayMs >= 0 && maxDelayMs <= LONGEST_TIMER_MS;
  if (maxDelayMs === undefined || isDelay) return undefined;
  return problem("batching.maxDelayMs", "a number of milliseconds, 0 or more", maxDelayMs);
}
