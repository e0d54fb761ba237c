import type { BenchSettings, ServerFacts } from "./settings.ts";

const BATCH_SIZES = [8, 32, 128];
const DELAYS_MS = [2, 5];
/** A goal leaves room for a delay that is a tenth of it. */
const DELAY_SHARE = 0.1;

/** How many workers to try, beside those that there are: up to the CPUs. Inline predictors have none. */
export function workerSettings(present: ServerFacts, cpus: number): readonly BenchSettings[] {
  if (present.execution === "inline") return [];
  const counts = new Set<number>();
  for (let workers = 1; workers <= cpus; workers *= 2) counts.add(workers);
  counts.add(Math.max(1, Math.floor(cpus)));
  counts.delete(present.workers);
  return [...counts].toSorted((a, b) => a - b).map((workers) => ({ workers }));
}

/**
 * How to batch, beside what there is, with the workers that did best. Nothing where requests do not share runs now: only
 * whoever wrote `predict` knows whether it may get several at once.
 */
export function batchSettings(present: ServerFacts, best: BenchSettings): readonly BenchSettings[] {
  if (present.batching === undefined) return [];
  const { maxBatchSize: own, maxDelayMs } = present.batching;
  const sizes = BATCH_SIZES.filter((maxBatchSize) => maxBatchSize !== own);
  return [
    { ...best, batching: false },
    ...sizes.map((maxBatchSize) => ({ ...best, batching: { maxBatchSize, maxDelayMs } })),
  ];
}

/** Delays to try with what did best so far, where the goal leaves room for them. */
export function delaySettings(
  present: ServerFacts,
  best: BenchSettings,
  goalMs: number | undefined,
): readonly BenchSettings[] {
  const batching = best.batching ?? present.batching;
  if (batching === undefined || batching === false || goalMs === undefined) return [];
  const { maxBatchSize, maxDelayMs: own } = batching;
  return DELAYS_MS.filter((ms) => ms <= goalMs * DELAY_SHARE && ms !== own).map((maxDelayMs) => ({
    ...best,
    batching: { maxBatchSize, maxDelayMs },
  }));
}
