import { type Outcome, type TestReport, countOutcomes, hasFailed } from "../results.ts";

/** The results as one object, for programs: `-o json`. */
export function jsonReport(report: TestReport): object {
  const { place, protocols, examples, left, ms } = report;
  const failed = examples.filter(hasFailed).length;
  const { passed, failed: failedAnswers, "not-applicable": notApplicable } = countOutcomes(report);
  return {
    ok: failed === 0,
    place,
    protocols,
    durationMs: rounded(ms),
    examples: { passed: examples.length - failed, failed, notAsked: left },
    answers: { passed, failed: failedAnswers, notApplicable },
    results: examples.map(({ name, model, protocol, expected, change, outcomes }) => ({
      name,
      model,
      protocol,
      expected,
      ...(change !== undefined && { change }),
      outcomes: Object.fromEntries([...outcomes].map(([key, outcome]) => [key, jsonOutcome(outcome)])),
    })),
  };
}

function jsonOutcome(outcome: Outcome): object {
  if (outcome.kind === "not-applicable") return { status: outcome.kind, reason: outcome.reason };
  if (outcome.kind === "passed") return { status: outcome.kind, ms: rounded(outcome.ms) };
  const { ms, reason, differences, differenceCount } = outcome;
  return {
    status: outcome.kind,
    ms: rounded(ms),
    reason,
    differenceCount,
    differences: differences.map(({ output, index, expected, got, by }) => ({
      output,
      index,
      expected,
      got,
      ...(by !== undefined && { by }),
    })),
  };
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
