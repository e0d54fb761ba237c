import type { Outcome, Scenario } from "./scenario.ts";

/** A scenario, and what it saw. */
export interface ScenarioResult extends Outcome {
  readonly name: string;
  readonly what: string;
}

/** The results of all scenarios as a Markdown page. */
export function toMarkdown(machine: string, results: readonly ScenarioResult[]): string {
  const sections = results.map(({ name, what, figures, checks }) => [
    `## ${name}: ${what}`,
    table(
      ["figure", "value"],
      Object.entries(figures).map(([figure, value]) => [figure, number(value)]),
    ),
    table(
      ["must hold", "seen", "holds"],
      checks.map((check) => [check.what, number(check.got), check.holds ? "yes" : "NO"]),
    ),
  ]);
  return `${[["# Staying up", machine], ...sections].flat().join("\n\n")}\n`;
}

/** What did not hold. */
export function failures(results: readonly ScenarioResult[]): string[] {
  return results.flatMap(({ name, checks }) =>
    checks.filter(({ holds }) => !holds).map(({ what, got }) => `${name}: ${what}, got ${got}`),
  );
}

/** A scenario that could not even be played to its end. */
export function broken({ name, what }: Scenario, error: unknown): ScenarioResult {
  return {
    name,
    what,
    figures: {},
    checks: [{ what: "it comes to its end", got: String(error), holds: false }],
  };
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function number(value: number | string): string {
  if (typeof value === "string") return value;
  if (Number.isInteger(value)) return value.toLocaleString("en");
  return value.toFixed(Math.abs(value) >= 100 ? 0 : 2);
}
