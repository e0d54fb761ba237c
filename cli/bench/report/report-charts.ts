import { settingsText } from "../settings.ts";
import type { BenchRun } from "./bench-report.ts";
import { curvePoints } from "./curves.ts";
import type { Html } from "./html.ts";
import { linearScale, logScale } from "./scale.ts";
import { msText, rateText } from "./step-rows.ts";
import { type SvgCurve, svgChart } from "./svg-chart.ts";

const LATENCIES = [
  { name: "p99", look: "c2" },
  { name: "p90", look: "c1" },
  { name: "p50", look: "c0" },
] as const;
const X_TICKS = 9;
const Y_TICKS = 10;
const LOOKS = ["c0", "c2", "c3", "c1", "c4", "c5"];
const LEAST_POINTS = 2;

/** Latency against offered load; undefined where there are too few steps. */
export function latencyChart({ steps, knee }: BenchRun, goalMs: number | null): Html | undefined {
  const points = curvePoints(steps);
  if (points.length < LEAST_POINTS) return undefined;
  const limitMs = knee?.limitMs ?? goalMs ?? undefined;
  const values = points.flatMap(({ step }) => [step.latencyMs.p50, step.latencyMs.p99]);
  return svgChart({
    title: "Latency against offered load",
    xLabel: "requests offered a second",
    yLabel: "latency, ms (logarithmic)",
    xScale: linearScale(Math.max(...points.map(({ perSecond }) => perSecond)), X_TICKS),
    yScale: logScale(Math.min(...values), Math.max(...values, limitMs ?? 0), Y_TICKS),
    curves: LATENCIES.map(({ name, look }) => ({
      name,
      look,
      points: points.map(({ perSecond, step }) => ({
        x: perSecond,
        y: step.latencyMs[name],
        says: `${name} ${msText(step.latencyMs[name])} ms at ${rateText(perSecond)} requests/s`,
      })),
    })),
    ...(limitMs !== undefined && {
      across: { at: limitMs, name: `limit of the p99: ${msText(limitMs)} ms`, look: "limit" },
    }),
    ...(knee?.perSecond !== undefined && {
      upright: { at: knee.perSecond, name: `knee ${rateText(knee.perSecond)}/s`, look: "knee" },
    }),
  });
}

/** What is answered of what is offered; undefined where there are too few steps. */
export function throughputChart({ steps, knee }: BenchRun): Html | undefined {
  const points = curvePoints(steps);
  if (points.length < LEAST_POINTS) return undefined;
  const most = Math.max(...points.map(({ perSecond }) => perSecond));
  const answered: SvgCurve = {
    name: "answered",
    look: "c3",
    points: points.map(({ perSecond, step }) => ({
      x: perSecond,
      y: step.throughputPerSecond,
      says: `${rateText(step.throughputPerSecond)} answered of ${rateText(perSecond)} requests/s`,
    })),
  };
  const ends = [0, most].map((value) => ({ x: value, y: value, says: "" }));
  const greatest = Math.max(most, ...answered.points.map(({ y }) => y));
  return svgChart({
    title: "Answers against offered load",
    xLabel: "requests offered a second",
    yLabel: "right answers a second",
    xScale: linearScale(most, X_TICKS),
    yScale: linearScale(greatest, X_TICKS - 2),
    curves: [{ name: "offered", look: "faint", points: ends }, answered],
    ...(knee?.perSecond !== undefined && {
      upright: { at: knee.perSecond, name: `knee ${rateText(knee.perSecond)}/s`, look: "knee" },
    }),
  });
}

/** The p99 of every setting; undefined where there are too few steps. */
export function comparisonChart(runs: readonly BenchRun[], goalMs: number | null): Html | undefined {
  const curves = runs.flatMap(({ server, steps }, at): readonly SvgCurve[] => {
    const points = curvePoints(steps);
    if (points.length < LEAST_POINTS) return [];
    const name = server === null ? `${at + 1}` : settingsText(server);
    return [
      {
        name: `setting ${at + 1}`,
        look: LOOKS[at % LOOKS.length] as string,
        points: points.map(({ perSecond, step }) => ({
          x: perSecond,
          y: step.latencyMs.p99,
          says: `${name}: p99 ${msText(step.latencyMs.p99)} ms at ${rateText(perSecond)} requests/s`,
        })),
      },
    ];
  });
  if (curves.length < LEAST_POINTS) return undefined;
  const all = curves.flatMap(({ points }) => points);
  const values = [...all.map(({ y }) => y), ...(goalMs === null ? [] : [goalMs])];
  return svgChart({
    title: "The p99 of every setting",
    xLabel: "requests offered a second",
    yLabel: "p99, ms (logarithmic)",
    xScale: linearScale(Math.max(...all.map(({ x }) => x)), X_TICKS),
    yScale: logScale(Math.min(...values), Math.max(...values), Y_TICKS),
    curves,
    ...(goalMs !== null && { across: { at: goalMs, name: `goal: ${goalMs} ms`, look: "limit" } }),
  });
}
