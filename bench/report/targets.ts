import { ratioOf, type Spread, spreadOf } from "../measure/statistics.ts";
import type { ComparisonName } from "../sections.ts";
import { type BenchResults, findRow } from "./results.ts";

/** One of the figures to reach, and what was reached. */
export interface TargetResult {
  readonly what: string;
  /** Such as `>= 0.9` or `<= 150 MB`. */
  readonly target: string;
  readonly got: Spread;
  readonly unit: string;
  /** Judged by the median; the worst case where the figure is a maximum. */
  readonly met: boolean;
}

interface RatioTarget {
  readonly comparison: ComparisonName;
  readonly variant: string;
  readonly to: string;
  readonly atLeast: number;
  readonly connections: readonly number[];
}

interface PeakTarget {
  readonly variant: string;
  readonly atMostMb: number;
  readonly connections: number;
}

const INLINE = "ours, inline";
const WORKER = "ours, worker";
const ALL = [1, 8, 32];

const RATIOS: readonly RatioTarget[] = [
  { comparison: "small", variant: INLINE, to: "node:http", atLeast: 0.9, connections: ALL },
  { comparison: "small", variant: INLINE, to: "express", atLeast: 1.8, connections: ALL },
  { comparison: "small-v2", variant: INLINE, to: "node:http", atLeast: 0.9, connections: ALL },
  { comparison: "small-v2", variant: INLINE, to: "express", atLeast: 1.8, connections: ALL },
  { comparison: "bin", variant: INLINE, to: "node:http", atLeast: 3, connections: [8, 32] },
  { comparison: "bin", variant: WORKER, to: INLINE, atLeast: 0.9, connections: [8, 32] },
  { comparison: "large", variant: INLINE, to: "node:http", atLeast: 2, connections: ALL },
  { comparison: "digits-bin", variant: WORKER, to: "session.run", atLeast: 0.5, connections: [32] },
];

const PEAKS: readonly PeakTarget[] = [
  { variant: INLINE, atMostMb: 150, connections: 8 },
  { variant: INLINE, atMostMb: 150, connections: 32 },
  { variant: WORKER, atMostMb: 250, connections: 32 },
];

const HEALTH_MS = 50;
const START_RATIO = 2.5;
const IDLE_RATIO = 2;
const SOAK_SLOPE_MB = 2;
const SOAK_MAX_TO_MIN = 1.25;

/** The figures to reach that a run has measured. */
export function judgeTargets(results: BenchResults): TargetResult[] {
  return [
    ...ratioTargets(results),
    ...peakTargets(results),
    ...healthTargets(results),
    ...startTargets(results),
    ...soakTargets(results),
  ];
}

function ratioTargets(results: BenchResults): TargetResult[] {
  return RATIOS.flatMap(({ comparison, variant, to, atLeast, connections }) =>
    connections.flatMap((count) => {
      const rates = ratesOf(results, comparison, variant, count);
      const bases = ratesOf(results, comparison, to, count);
      if (rates === undefined || bases === undefined) return [];
      const got = ratioOf(rates, bases);
      const what = `${comparison}, ${count} connection${count === 1 ? "" : "s"}: ${variant} / ${to}`;
      return [{ what, target: `>= ${atLeast}`, got, unit: "", met: got.median >= atLeast }];
    }),
  );
}

function ratesOf(results: BenchResults, comparison: ComparisonName, variant: string, connections: number) {
  return findRow(results, comparison, variant, connections)?.samples.map(({ perSecond }) => perSecond);
}

function peakTargets(results: BenchResults): TargetResult[] {
  return PEAKS.flatMap(({ variant, atMostMb, connections }) => {
    const row = findRow(results, "bin", variant, connections);
    if (row === undefined) return [];
    const got = spreadOf(row.samples.map(({ peakMb }) => peakMb));
    const what = `bin, ${connections} connections: ${variant}, peak memory`;
    return [atMost(what, got, atMostMb, " MB", got.max)];
  });
}

function healthTargets({ health = [] }: BenchResults): TargetResult[] {
  return health.map(({ cores, probeMs }) =>
    atMost(`readiness during 20 ms predicts, ${cores}, maximum`, probeMs, HEALTH_MS, " ms", probeMs.max),
  );
}

function startTargets({ coldStarts = [] }: BenchResults): TargetResult[] {
  const bare = coldStarts.find(({ variant }) => variant === "node:http");
  if (bare === undefined) return [];
  return coldStarts
    .filter(({ variant }) => variant === INLINE || variant === WORKER)
    .flatMap(({ variant, startMs, idleMb }) => {
      const start = ratioOf(startMs, bare.startMs);
      const idle = ratioOf(idleMb, bare.idleMb);
      return [
        atMost(`cold start: ${variant} / node:http`, start, START_RATIO, "", start.median),
        atMost(`idle memory: ${variant} / node:http`, idle, IDLE_RATIO, "", idle.median),
      ];
    });
}

function soakTargets({ soak = [] }: BenchResults): TargetResult[] {
  return soak.flatMap(({ variant, requests, slopeMb, maxToMin }) => {
    const what = `soak of ${requests.toLocaleString("en")} requests: ${variant}`;
    return [
      atMost(`${what}, growth per 10,000`, spreadOf([slopeMb]), SOAK_SLOPE_MB, " MB", slopeMb),
      atMost(`${what}, largest / smallest`, spreadOf([maxToMin]), SOAK_MAX_TO_MIN, "", maxToMin),
    ];
  });
}

function atMost(what: string, got: Spread, limit: number, unit: string, judged: number): TargetResult {
  return { what, target: `<= ${limit}${unit}`, got, unit, met: judged <= limit };
}
