import { judge } from "../search/judge.ts";
import { medianWindow } from "../search/find-knee.ts";
import type { Step } from "../step.ts";
import type { BenchReport, BenchRun } from "./bench-report.ts";

/** More than this share of the requests waiting for a connection is the connections' limit. */
const MOST_WAITED = 0.05;

/**
 * Whether a goal was given and is missed.
 * @param isOneRate at the rate that was asked for; else at any rate
 */
export function goalMissed({ goalP99Ms, runs }: BenchReport, isOneRate: boolean): boolean {
  if (goalP99Ms === null) return false;
  if (!isOneRate) return runs.every(({ knee }) => knee !== null && knee.perSecond === undefined);
  return runs.some(({ steps }) => {
    const median = medianWindow(steps.toSorted((a, b) => a.latencyMs.p99 - b.latencyMs.p99));
    return median === undefined || judge(median, goalP99Ms) !== "ok";
  });
}

/** What keeps the figures from being taken as they are, one sentence each. */
export function warningsOf({ runs, isInterrupted, method }: BenchReport): readonly string[] {
  const steps = runs.flatMap((run) => run.steps);
  const limited = steps.filter(({ isGeneratorLimit }) => isGeneratorLimit).length;
  const few = steps.filter(({ hasFewSamples }) => hasFewSamples).length;
  const telling = runs.flatMap(tellingSteps);
  const unstable = runs.filter(({ knee }) => knee?.isUnstable === true).length;
  return [
    ...(isInterrupted ? ["It was interrupted: this is what was measured until then."] : []),
    ...(unstable > 0
      ? [
          "The machine is unstable: the same rate gave very different latencies. Measure again while nothing else runs, or with a longer --duration.",
        ]
      : []),
    ...(limited > 0
      ? [
          `In ${limited} of ${steps.length} steps (marked g) the load generator itself was late or busy: their latencies are partly its own. A machine of its own for --url, or a lower rate, would tell.`,
        ]
      : []),
    ...(telling.some(({ generator }) => generator.waitedShare > MOST_WAITED)
      ? [
          `All ${method.connections} connections were busy at times, and requests waited for one: raise --connections, if your callers have more.`,
        ]
      : []),
    ...(few > 0
      ? [
          `In ${few} of ${steps.length} steps (marked ~) there were fewer than 1000 answers: ten of them and less decide their p99. A longer --duration gives more.`,
        ]
      : []),
  ];
}

/** The steps that the result stands on. */
function tellingSteps({ knee, steps }: BenchRun): readonly Step[] {
  return knee === null ? steps : knee.windows;
}
