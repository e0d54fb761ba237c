import type { Step } from "../step.ts";

/**
 * How a step went. `ok`: within the limit. `slow`: the p99 is above it. `behind`: answers came more slowly than requests.
 * `errors`: too many requests failed. `generator`: it did not go well, and the load generator has part in that.
 */
export type Verdict = "ok" | "slow" | "behind" | "errors" | "generator";

/** The share of the requests that may fail. */
export const MOST_FAILED = 0.01;
/** The share by which answers may be fewer than requests: what is under way at a window's ends differs by chance. */
const BEHIND_SHARE = 0.05;
/** So many standard deviations of a Poisson count are chance. */
const CHANCE = 3;

/** @param limitMs what the p99 may be. Undefined: anything */
export function judge(step: Step, limitMs: number | undefined): Verdict {
  const verdict = judgeServer(step, limitMs);
  // Requests that left late count from when they were due: a step that does well in spite of it does well.
  return verdict !== "ok" && step.isGeneratorLimit ? "generator" : verdict;
}

function judgeServer(step: Step, limitMs: number | undefined): Verdict {
  if (step.failedShare > MOST_FAILED) return onlyLate(step) ? "behind" : "errors";
  if (isBehind(step)) return "behind";
  return limitMs !== undefined && step.latencyMs.p99 > limitMs ? "slow" : "ok";
}

/** Nothing failed but what was not answered in time. */
function onlyLate({ failures }: Step): boolean {
  return Object.keys(failures).every((kind) => kind === "unanswered" || kind === "timeout");
}

function isBehind({ due, seconds, throughputPerSecond, failedShare }: Step): boolean {
  const missing = due * (1 - failedShare) - throughputPerSecond * seconds;
  return missing > Math.max(BEHIND_SHARE * due, CHANCE * Math.sqrt(due));
}
