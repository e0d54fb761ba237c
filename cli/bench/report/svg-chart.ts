import { type Html, markup } from "./html.ts";
import { type Scale, tickText } from "./scale.ts";

/** A curve of a chart. */
export interface SvgCurve {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number; readonly says: string }[];
  /** Its class, which has its colour: `c0` to `c5`; `faint` for one that is only there to compare with. */
  readonly look: string;
}

/** A line across or upright, with its name. */
export interface SvgGuide {
  readonly at: number;
  readonly name: string;
  readonly look: "limit" | "knee";
}

/** A chart as inline SVG. */
export interface SvgChart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly xScale: Scale;
  readonly yScale: Scale;
  readonly curves: readonly SvgCurve[];
  readonly across?: SvgGuide;
  readonly upright?: SvgGuide;
}

const WIDTH = 860;
const HEIGHT = 340;
const LEFT = 62;
const RIGHT = 120;
const TOP = 14;
const BOTTOM = 48;
const LABEL_GAP = 15;

/** Draws it. Every point says what it is where the pointer rests on it. */
export function svgChart(chart: SvgChart): Html {
  const { title, xScale, yScale, xLabel, yLabel } = chart;
  const x = (value: number) => round(LEFT + xScale.at(value) * (WIDTH - LEFT - RIGHT));
  const y = (value: number) => round(HEIGHT - BOTTOM - yScale.at(value) * (HEIGHT - TOP - BOTTOM));
  const [right, bottom] = [WIDTH - RIGHT, HEIGHT - BOTTOM];
  return markup`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">
<g class="grid">
${yScale.ticks.map((tick) => markup`<path d="M${LEFT} ${y(tick)}H${right}"/>`)}
</g>
<g class="ticks">
${yScale.ticks.map((tick) => markup`<text x="${LEFT - 8}" y="${y(tick) + 4}" text-anchor="end">${tickText(tick)}</text>`)}
${xScale.ticks.map((tick) => markup`<text x="${x(tick)}" y="${bottom + 18}" text-anchor="middle">${tickText(tick)}</text>`)}
<text x="${(LEFT + right) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${xLabel}</text>
<text transform="translate(14 ${(TOP + bottom) / 2}) rotate(-90)" text-anchor="middle">${yLabel}</text>
</g>
<path class="axis" d="M${LEFT} ${TOP}V${bottom}H${right}"/>
${guides(chart, x, y)}
${chart.curves.map((curve) => curveMarkup(curve, x, y))}
${endLabels(chart.curves, x, y)}
</svg>`; // prettier-ignore
}

type Place = (value: number) => number;

function guides({ across, upright }: SvgChart, x: Place, y: Place): readonly Html[] {
  const lines: Html[] = [];
  if (across !== undefined) {
    const at = y(across.at);
    lines.push(markup`<g class="guide ${across.look}"><path d="M${LEFT} ${at}H${WIDTH - RIGHT}"/>
<text x="${LEFT + 8}" y="${at - 6}">${across.name}</text></g>`);
  }
  if (upright !== undefined) {
    const at = x(upright.at);
    lines.push(markup`<g class="guide ${upright.look}"><path d="M${at} ${TOP}V${HEIGHT - BOTTOM}"/>
<text x="${at - 6}" y="${HEIGHT - BOTTOM - 8}" text-anchor="end">${upright.name}</text></g>`);
  }
  return lines;
}

function curveMarkup({ points, look }: SvgCurve, x: Place, y: Place): Html {
  const path = points.map((point, at) => `${at === 0 ? "M" : "L"}${x(point.x)} ${y(point.y)}`).join("");
  return markup`<g class="curve ${look}"><path d="${path}"/>
${points.map((point) => markup`<circle cx="${x(point.x)}" cy="${y(point.y)}" r="3.5"><title>${point.says}</title></circle>`)}
</g>`; // prettier-ignore
}

/** Names at the curves' ends, moved apart where they would lie on each other. */
function endLabels(curves: readonly SvgCurve[], x: Place, y: Place): readonly Html[] {
  const ends = curves
    .flatMap(({ name, look, points }) => {
      const last = points.at(-1);
      return last === undefined || name === "" ? [] : [{ name, look, from: x(last.x), at: y(last.y) }];
    })
    .toSorted((a, b) => a.at - b.at);
  let below = -Infinity;
  return ends.map(({ name, look, from, at }) => {
    below = Math.max(at, below + LABEL_GAP);
    return markup`<text class="name ${look}" x="${from + 10}" y="${round(below + 4)}">${name}</text>`;
  });
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
