import { number, table } from "../report/markdown.ts";
import type { Curve } from "./curves.ts";

const WIDTH = 640;
const HEIGHT = 240;
const LEFT = 70;
const RIGHT = 20;
const TOP = 40;
const BOTTOM = 50;

/** The curves as plots in one SVG, below each other: both axes are logarithmic. */
export function growthSvg(curves: readonly Curve[]): string {
  const height = curves.length * HEIGHT;
  const plots = curves.map(
    (curve, index) => `<g transform="translate(0,${index * HEIGHT})">${plot(curve)}</g>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#ffffff"/>
${plots.join("\n")}
</svg>
`;
}

function plot({ x: label, points }: Curve): string {
  const plotted = Object.keys(points[0]?.values ?? {})[0] ?? "";
  const xs = points.map(({ at }) => at);
  const ys = points.map(({ values }) => values[plotted] ?? NaN);
  const toX = scale(xs, LEFT, WIDTH - RIGHT);
  const toY = scale([...ys, Math.min(...ys) / 2, Math.max(...ys) * 1.5], HEIGHT - BOTTOM, TOP);
  const at = points.map((_point, index) => [toX(xs[index] ?? NaN), toY(ys[index] ?? NaN)] as const);
  const marks = at.flatMap(([x, y], index) => [
    `<circle cx="${x}" cy="${y}" r="3.5" fill="#1f5fa8"/>`,
    `<text x="${x}" y="${y - 9}" text-anchor="middle" fill="#222222">${number(ys[index] ?? NaN)}</text>`,
    `<text x="${x}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle" fill="#555555">${(xs[index] ?? 0).toLocaleString("en")}</text>`,
  ]);
  return [
    `<text x="${LEFT}" y="20" font-weight="bold" fill="#222222">${plotted}</text>`,
    `<text x="${WIDTH / 2}" y="${HEIGHT - 12}" text-anchor="middle" fill="#555555">${label}</text>`,
    `<path d="M${LEFT} ${TOP}V${HEIGHT - BOTTOM}H${WIDTH - RIGHT}" fill="none" stroke="#999999"/>`,
    `<polyline points="${at.map((pair) => pair.join(",")).join(" ")}" fill="none" stroke="#1f5fa8" stroke-width="2"/>`,
    ...marks,
  ].join("");
}

/** A logarithmic scale; a margin keeps marks off the edges. */
function scale(values: readonly number[], from: number, to: number): (value: number) => number {
  const logs = values.map(Math.log10);
  const [least, most] = [Math.min(...logs), Math.max(...logs)];
  const margin = Math.max((most - least) * 0.05, 0.01);
  const span = most - least + 2 * margin;
  return (value) => Math.round(from + ((Math.log10(value) - least + margin) / span) * (to - from));
}

/** The curves as tables. */
export function growthMarkdown(machine: string, curves: readonly Curve[]): string {
  const parts = curves.flatMap(({ name, x, points }) => {
    const columns = Object.keys(points[0]?.values ?? {});
    const rows = points.map(({ at, values }) => [
      at.toLocaleString("en"),
      ...columns.map((column) => number(values[column] ?? NaN)),
    ]);
    return [`## ${name}: ${x}`, table([name, ...columns], rows)];
  });
  return `${["# Growth", machine, "![growth](growth.svg)", ...parts].join("\n\n")}\n`;
}
