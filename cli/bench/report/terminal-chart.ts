import type { Style, Terminal } from "../../terminal/terminal.ts";
import type { Environment } from "../../verb.ts";
import { asciiCanvas, brailleCanvas } from "./canvas.ts";
import type { CurvePoint } from "./curves.ts";
import { type Scale, linearScale, logScale, tickText } from "./scale.ts";

/** A chart of latency against offered load. */
export interface TerminalChart {
  readonly points: readonly CurvePoint[];
  /** What the p99 may be: drawn across. */
  readonly limitMs: number | undefined;
  /** The knee: drawn upright. */
  readonly kneePerSecond: number | undefined;
  readonly page: Pick<Terminal, "width" | "style">;
  /** Whether the terminal shows more than ASCII. */
  readonly isUnicode: boolean;
}

const HEIGHT = 14;
const MOST_WIDTH = 90;
/** Fewer points make no curve. */
const LEAST_POINTS = 2;
const Y_TICKS = 10;
const COLUMNS_EACH_TICK = 12;

const CURVES: readonly { readonly name: "p50" | "p99"; readonly mark: string; readonly style: Style }[] = [
  { name: "p50", mark: ".", style: "cyan" },
  { name: "p99", mark: "*", style: "yellow" },
];

/** The chart's lines; none where there are too few points. */
export function terminalChart(chart: TerminalChart): readonly string[] {
  const { points, page, isUnicode, limitMs } = chart;
  if (points.length < LEAST_POINTS) return [];
  const values = points.flatMap(({ step }) => CURVES.map(({ name }) => step.latencyMs[name]));
  const yScale = logScale(Math.min(...values), Math.max(...values, limitMs ?? 0), Y_TICKS);
  const labelWidth = Math.max(...yScale.ticks.map((tick) => tickText(tick).length));
  const width = Math.min(MOST_WIDTH, page.width - labelWidth - 3 - " p99".length);
  const xScale = linearScale(
    Math.max(...points.map(({ perSecond }) => perSecond)),
    width / COLUMNS_EACH_TICK,
  );
  const canvas = isUnicode
    ? brailleCanvas(width, HEIGHT)
    : asciiCanvas(width, HEIGHT, CURVES.map(({ mark }) => mark)); // prettier-ignore
  for (const [index, { name }] of CURVES.entries()) {
    const place = ({ perSecond, step }: CurvePoint) =>
      [xScale.at(perSecond), yScale.at(step.latencyMs[name])] as const;
    canvas.polyline(points.map(place), index);
  }
  const rowOf = (ms: number) => Math.round((1 - yScale.at(ms)) * (HEIGHT - 1));
  const labels = new Map(yScale.ticks.map((tick) => [rowOf(tick), tickText(tick)]));
  const last = (points.at(-1) as CurvePoint).step.latencyMs;
  const ends = new Map(CURVES.map(({ name, style }) => [rowOf(last[name]), page.style(style, name)]));
  const guides = guidesOf(chart, xScale, width, limitMs === undefined ? undefined : rowOf(limitMs));
  const bar = isUnicode ? "│" : "|";
  const lines = canvas.rows().map((cells, row) => {
    const drawn = cells.map(({ text, curve }, column) => {
      if (text === " " || curve === undefined) return guides(row, column);
      return page.style((CURVES[curve] as (typeof CURVES)[number]).style, text);
    });
    const end = ends.get(row);
    const right = end === undefined ? "" : ` ${end}`;
    return `${(labels.get(row) ?? "").padStart(labelWidth)} ${bar}${drawn.join("")}${right}`.trimEnd();
  });
  const left = " ".repeat(labelWidth + 1);
  return [
    page.style("dim", `${"ms".padStart(labelWidth)}   latency of requests, from when they were due (logarithmic)`),
    ...lines,
    `${left}${isUnicode ? "└" : "+"}${(isUnicode ? "─" : "-").repeat(width)}`,
    `${left} ${axisText(xScale, width)}`.trimEnd(),
    page.style("dim", `${left} ${legend(chart)}`),
  ]; // prettier-ignore
}

/** The limit and the knee, behind the curves. */
function guidesOf(
  { kneePerSecond, isUnicode, page }: TerminalChart,
  xScale: Scale,
  width: number,
  limitRow: number | undefined,
): (row: number, column: number) => string {
  const kneeColumn =
    kneePerSecond === undefined ? undefined : Math.round(xScale.at(kneePerSecond) * (width - 1));
  const [across, upright] = isUnicode ? ["┄", "┊"] : ["-", ":"];
  return (row, column) => {
    if (row === limitRow) return page.style("red", across);
    return column === kneeColumn ? page.style("green", upright) : " ";
  };
}

function legend({ limitMs, kneePerSecond, isUnicode }: TerminalChart): string {
  const curves = isUnicode ? "" : `; ${CURVES.map(({ name, mark }) => `${mark} ${name}`).join(", ")}`;
  const limit = limitMs === undefined ? "" : `; ${isUnicode ? "┄" : "-"} limit of the p99`;
  const knee = kneePerSecond === undefined ? "" : `; ${isUnicode ? "┊" : ":"} knee`;
  return `requests offered a second${curves}${limit}${knee}`;
}

/** The ticks' numbers under their places, those left out that would touch the one before. */
function axisText({ ticks, at }: Scale, width: number): string {
  let line = "";
  for (const tick of ticks) {
    const text = tickText(tick);
    const column = Math.min(width - text.length, Math.max(0, Math.round(at(tick) * (width - 1)) - (text.length >> 1)));
    if (line !== "" && column < line.length + 2) continue;
    line = line.padEnd(column) + text;
  } // prettier-ignore
  return line;
}

/** Whether the environment's terminal shows more than ASCII. */
export function showsUnicode(env: Environment): boolean {
  const locale = [env["LC_ALL"], env["LC_CTYPE"], env["LANG"]].find((value) => (value ?? "") !== "") ?? "";
  const terminal = env["TERM"] ?? "";
  return /utf-?8/i.test(locale) && terminal !== "linux" && terminal !== "dumb";
}
