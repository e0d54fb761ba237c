import { medianWindow } from "../search/find-knee.ts";
import type { Step } from "../step.ts";

/** A point of a curve: what came of a rate. */
export interface CurvePoint {
  readonly perSecond: number;
  readonly step: Step;
}

/** The steps as a curve: by rate, of those at the same rate the one with the median p99. Steps without answers are left out. */
export function curvePoints(steps: readonly Step[]): readonly CurvePoint[] {
  const answered = steps.filter(({ latencyMs }) => Number.isFinite(latencyMs.p99));
  const byRate = Map.groupBy(answered, ({ offeredPerSecond }) => offeredPerSecond);
  return [...byRate]
    .toSorted(([a], [b]) => a - b)
    .map(([perSecond, same]) => {
      const sorted = same.toSorted((a, b) => a.latencyMs.p99 - b.latencyMs.p99);
      return { perSecond, step: medianWindow(sorted) as Step };
    });
}
