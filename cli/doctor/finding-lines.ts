import type { Finding } from "../../deployer/doctor/check.ts";
import type { Style, Terminal } from "../terminal/terminal.ts";
import { wrap } from "../terminal/wrap.ts";

const STYLES: Readonly<Record<Finding["status"], Style>> = {
  ok: "green",
  warn: "yellow",
  fail: "red",
  skipped: "gray",
};

/** Columns of the status and the check's name. */
const STATUS_WIDTH = 9;
const NAME_WIDTH = 14;

/** Findings for people: a paragraph each, with its fix under it. */
export function findingLines(
  findings: readonly Finding[],
  { style, width }: Pick<Terminal, "style" | "width">,
): readonly string[] {
  const indent = STATUS_WIDTH + NAME_WIDTH;
  return findings.flatMap(({ check, status, message, fix, details = [] }) => {
    const [first = "", ...more] = wrap(message, width, indent).split("\n");
    const head = style(STYLES[status], status.padEnd(STATUS_WIDTH)) + check.padEnd(NAME_WIDTH);
    const fixLines =
      fix === undefined || status === "ok"
        ? []
        : wrap(`${style("bold", "fix:")} ${fix}`, width, indent).split("\n");
    return [
      head + first.trimStart(),
      ...more,
      ...fixLines,
      ...details.map((line) => " ".repeat(indent) + line),
    ];
  });
}
