import { layOut } from "../../terminal/columns.ts";
import { printable } from "../../terminal/printable.ts";
import type { Terminal } from "../../terminal/terminal.ts";
import { wrap } from "../../terminal/wrap.ts";
import type { Environment } from "../../verb.ts";
import { medianWindow } from "../search/find-knee.ts";
import { settingsText } from "../settings.ts";
import type { BenchReport, BenchRun } from "./bench-report.ts";
import { kneeText } from "./knee-text.ts";
import { curvePoints } from "./curves.ts";
import { showsUnicode, terminalChart } from "./terminal-chart.ts";
import { STEP_HEADINGS, msText, rateText, stepRow } from "./step-rows.ts";

type Page = Pick<Terminal, "width" | "style">;

/** The report as a person reads it in a terminal. */
export function reportLines(report: BenchReport, page: Page, env: Environment): readonly string[] {
  const paragraphs = [headLines(report, page), ...report.runs.map((run) => runLines(report, run, page, env))];
  if (report.runs.length > 1) paragraphs.push(comparisonLines(report, page));
  const advice = suggestionLines(report, page);
  if (advice.length > 0) paragraphs.push(advice);
  if (report.warnings.length > 0) {
    paragraphs.push(
      report.warnings.flatMap((text) => {
        const [first = "", ...others] = wrap(`note: ${text}`, page.width).split("\n");
        return [first.replace("note:", page.style("yellow", "note:")), ...others];
      }),
    );
  }
  return paragraphs.flatMap((lines, at) => (at === 0 ? lines : ["", ...lines]));
}

function headLines({ model, server, requests, protocol }: BenchReport, page: Page): readonly string[] {
  const count = requests.length === 1 ? requests[0]?.name : `${requests.length} requests in turn`;
  const how = protocol === "auto" ? "" : ` over ${protocol}`;
  return [page.style("bold", printable(`${model} at ${server.url}${how}, ${count}`))];
}

function runLines(
  { goalP99Ms }: BenchReport,
  { server, capacity, steps, knee }: BenchRun,
  page: Page,
  env: Environment,
): readonly string[] {
  const lines: string[] = [];
  if (server !== null) lines.push(page.style("bold", settingsText(server)));
  if (capacity !== null) {
    lines.push(`Capacity about ${rateText(capacity.perSecond)} requests/s, with ${capacity.atOnce} at once`);
  }
  if (steps.length > 0) {
    const rows = steps.toSorted((a, b) => a.offeredPerSecond - b.offeredPerSecond).map(stepRow);
    const [head = "", ...others] = layOut([STEP_HEADINGS, ...rows], 2);
    lines.push("", page.style("bold", head), ...others);
  }
  const chart = terminalChart({
    points: curvePoints(steps),
    limitMs: knee?.limitMs ?? goalP99Ms ?? undefined,
    kneePerSecond: knee?.perSecond,
    page,
    isUnicode: showsUnicode(env),
  });
  if (chart.length > 0) lines.push("", ...chart);
  if (knee !== null) lines.push("", ...wrap(kneeText(knee), page.width).split("\n"));
  return lines;
}

/** A row for every setting. */
function comparisonLines({ runs }: BenchReport, page: Page): readonly string[] {
  const rows = runs.map(({ server, knee }, at) => {
    const p99 = knee === null ? undefined : medianWindow(knee.windows)?.latencyMs.p99;
    const rate = knee === null ? "not measured to its end" : knee.perSecond === undefined ? "none" : rateText(knee.perSecond); // prettier-ignore
    const name = server === null ? "" : settingsText(server);
    return [`${name}${at === 0 ? " (present)" : ""}`, rate, p99 === undefined ? "-" : msText(p99)];
  });
  const [head = "", ...others] = layOut([["setting", "knee/s", "p99 ms"], ...rows], 2);
  return [page.style("bold", head), ...others];
}

function suggestionLines({ suggestion }: BenchReport, page: Page): readonly string[] {
  if (suggestion === null) return [];
  const says = wrap(suggestion.says, page.width).split("\n");
  if (suggestion.config.length === 0) return says;
  return [
    ...says,
    "",
    "kserve.config.ts:",
    ...suggestion.config.map((line) => (line === "" ? "" : `  ${line}`)),
  ];
}
