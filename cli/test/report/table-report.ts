import type { Difference } from "../../../contract/answers/compare-answers.ts";
import { layOut } from "../../terminal/columns.ts";
import type { Style, Terminal } from "../../terminal/terminal.ts";
import type { TestProtocol } from "../protocols.ts";
import {
  type ExampleResult,
  type ExpectedState,
  type Outcome,
  type TestReport,
  countOutcomes,
  hasFailed,
} from "../results.ts";

/** An outcome in the table. */
const WORDS: Readonly<Record<Outcome["kind"], { readonly word: string; readonly style: Style }>> = {
  passed: { word: "pass", style: "green" },
  failed: { word: "FAIL", style: ["red", "bold"] },
  "not-applicable": { word: "n/a", style: "dim" },
};

/** How an example stands with its expected answer, in the last column. */
const EXPECTED: Readonly<Record<ExpectedState, string>> = {
  given: "",
  none: "no expected answer",
  updated: "updated",
  added: "written",
  unchanged: "unchanged",
};

const INDENT = 2;

/** The results for a person: a table, what is wrong with each, and the sum in a line. */
export function tableReport(report: TestReport, { style }: Pick<Terminal, "style">): readonly string[] {
  const failures = report.examples.flatMap((example) => failureLines(example, style));
  const reasons = notApplicableLines(report.examples);
  return [
    style("bold", `${report.place}: ${counted(report.examples.length, "example")}`),
    "",
    ...table(report, style),
    ...section(changeLines(report.examples)),
    ...section(failures),
    ...section(reasons.length === 0 ? [] : [style("bold", "Not applicable"), ...reasons]),
    "",
    summary(report, style),
    ...hints(report, style),
  ];
}

type Paint = Terminal["style"];

function section(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ["", ...lines];
}

/** Cells are padded before they are coloured: colours take no room. */
function table({ protocols, examples }: TestReport, style: Paint): readonly string[] {
  const severalModels = new Set(examples.map(({ model }) => model)).size > 1;
  const title = (example: ExampleResult) =>
    severalModels && !example.name.includes(example.model)
      ? `${example.name} (${example.model})`
      : example.name;
  const notes = examples.map(({ expected }) => EXPECTED[expected]);
  const width = Math.max("example".length, ...examples.map((example) => title(example).length));
  const cell = (word: string, protocol: TestProtocol) => word.padEnd(Math.max(protocol.length, 4));
  const pad = " ".repeat(INDENT);
  const header = [`example`.padEnd(width), ...protocols.map((protocol) => cell(protocol, protocol))].join(
    "  ",
  );
  const rows = examples.map((example, at) => {
    const cells = protocols.map((protocol) => {
      const { word, style: format } = WORDS[example.outcomes.get(protocol)?.kind ?? "not-applicable"];
      return style(format, cell(word, protocol));
    });
    return `${pad}${[title(example).padEnd(width), ...cells, notes[at] ?? ""].join("  ")}`.trimEnd();
  });
  return [`${pad}${style("bold", header.trimEnd())}`, ...rows];
}

/** What `--update` has done. */
function changeLines(examples: readonly ExampleResult[]): readonly string[] {
  return examples.flatMap(({ name, change, expected }) => {
    return change === undefined || expected === "added" ? [] : [`${name}: ${change}`];
  });
}

function failureLines({ name, outcomes }: ExampleResult, style: Paint): readonly string[] {
  return [...outcomes].flatMap(([protocol, outcome]) => {
    if (outcome.kind !== "failed") return [];
    const { differences, differenceCount, reason } = outcome;
    const more = differenceCount - differences.length;
    return [
      `${style("red", `${name} over ${protocol}`)}: ${reason}`,
      ...layOut(differences.map(differenceCells), INDENT),
      ...(more > 0 && differences.length > 0 ? [`${" ".repeat(INDENT)}and ${more} more`] : []),
    ];
  });
}

function differenceCells({ output, index, expected, got, by }: Difference): readonly string[] {
  const apart = by === undefined ? [] : [`off by ${Number(by.toPrecision(3))}`];
  return [`${output}${index}`, `expected ${expected}`, `got ${got}`, ...apart];
}

/** A line for each reason of an example, with the protocols that it is about. */
function notApplicableLines(examples: readonly ExampleResult[]): readonly string[] {
  return examples.flatMap(({ name, outcomes }) => {
    const byReason = new Map<string, TestProtocol[]>();
    for (const [protocol, outcome] of outcomes) {
      if (outcome.kind !== "not-applicable") continue;
      byReason.set(outcome.reason, [...(byReason.get(outcome.reason) ?? []), protocol]);
    }
    return [...byReason].map(([reason, protocols]) => {
      return `${" ".repeat(INDENT)}${name} over ${protocols.join(", ")}: ${reason}`;
    });
  });
}

function summary(report: TestReport, style: Paint): string {
  const failed = report.examples.filter(hasFailed).length;
  const counts = countOutcomes(report);
  const parts = [
    `${report.examples.length - failed} passed`,
    ...(failed > 0 ? [style(["red", "bold"], `${failed} failed`)] : []),
    ...(report.left > 0 ? [`${report.left} not asked`] : []),
  ];
  const answers = `${counted(counts.passed + counts.failed, "answer")} compared`;
  const none = counts["not-applicable"] === 0 ? "" : `, ${counts["not-applicable"]} not applicable`;
  const examples = counted(report.examples.length + report.left, "example");
  return `${examples}: ${parts.join(", ")}; ${answers}${none} (${(report.ms / 1000).toFixed(1)} s)`;
}

function hints({ examples }: TestReport, style: Paint): readonly string[] {
  const without = examples.filter(({ expected, outcomes }) => {
    return expected === "none" && [...outcomes.values()].some(({ kind }) => kind === "passed");
  }).length;
  if (without === 0) return [];
  const which = without === 1 ? "1 example has" : `${without} examples have`;
  return [
    `${style("yellow", "hint:")} ${which} no expected answer; --update writes what the model answers now.`,
  ];
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
