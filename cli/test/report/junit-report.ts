import { type ExampleResult, type Outcome, type TestReport, countOutcomes } from "../results.ts";

/**
 * The results as JUnit's XML: a suite for each model, a case for each example and protocol. What is not applicable is
 * skipped, with its reason.
 */
export function junitReport(report: TestReport): string {
  const models = [...new Set(report.examples.map(({ model }) => model))];
  const suites = models.flatMap((model) => suiteLines(report, model));
  const counts = countOutcomes(report);
  const all = counts.passed + counts.failed + counts["not-applicable"];
  const attributes = attributesText({
    name: "kserve-ts test",
    tests: all,
    failures: counts.failed,
    skipped: counts["not-applicable"],
    time: seconds(report.ms),
  });
  return [
    `<?xml version="1.0" encoding="UTF-8"?>`,
    `<testsuites${attributes}>`,
    ...suites,
    "</testsuites>",
    "",
  ].join("\n");
}

function suiteLines(report: TestReport, model: string): readonly string[] {
  const examples = report.examples.filter((example) => example.model === model);
  const counts = countOutcomes({ ...report, examples });
  const ms = examples
    .flatMap(({ outcomes }) => [...outcomes.values()].map(durationOf))
    .reduce((a, b) => a + b, 0);
  const attributes = attributesText({
    name: model,
    tests: counts.passed + counts.failed + counts["not-applicable"],
    failures: counts.failed,
    skipped: counts["not-applicable"],
    time: seconds(ms),
  });
  return [`  <testsuite${attributes}>`, ...examples.flatMap(caseLines), "  </testsuite>"];
}

function caseLines({ name, model, outcomes }: ExampleResult): readonly string[] {
  return [...outcomes].flatMap(([protocol, outcome]) => {
    const time = seconds(durationOf(outcome));
    const attributes = attributesText({ classname: model, name: `${name} over ${protocol}`, time });
    if (outcome.kind === "passed") return [`    <testcase${attributes}/>`];
    const inner =
      outcome.kind === "failed"
        ? failureLine(outcome)
        : `<skipped${attributesText({ message: outcome.reason })}/>`;
    return [`    <testcase${attributes}>`, `      ${inner}`, "    </testcase>"];
  });
}

function failureLine({ reason, differences, differenceCount }: Extract<Outcome, { kind: "failed" }>): string {
  const more = differenceCount - differences.length;
  const lines = [...differences.map(({ text }) => text), ...(more > 0 ? [`and ${more} more`] : [])];
  return `<failure${attributesText({ message: reason })}>${escaped(lines.join("\n"))}</failure>`;
}

function durationOf(outcome: Outcome): number {
  return outcome.kind === "not-applicable" ? 0 : outcome.ms;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

function attributesText(attributes: Readonly<Record<string, string | number>>): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${escaped(String(value)).replaceAll("\n", "&#10;")}"`)
    .join("");
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** XML cannot say control characters at all, nor halves of a surrogate pair. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character)
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, "\ufffd");
}
