import { ratioOf, type Spread, spreadOf } from "../measure/statistics.ts";
import type { Row, Sample } from "../measure/throughput.ts";
import { type Comparison, type ComparisonName, COMPARISONS } from "../sections.ts";
import type { BenchResults } from "./results.ts";
import { judgeTargets } from "./targets.ts";

/** A load generator busier than this may be what limits the rate. */
const BUSY_GENERATOR = 0.9;

/** The results as a Markdown page. */
export function toMarkdown(results: BenchResults): string {
  const sections = [
    ["# Benchmark", machineLine(results)],
    targetsTable(results),
    ...(Object.keys(COMPARISONS) as ComparisonName[]).map((name) => comparisonTable(name, results)),
    coldStartTable(results),
    healthTable(results),
    soakTable(results),
  ];
  return `${sections
    .filter((section) => section.length > 0)
    .map((section) => section.join("\n\n"))
    .join("\n\n")}\n`;
}

function machineLine({ machine, settings }: BenchResults): string {
  const { cores, node, platform, date, pinned } = machine;
  const where = pinned ? "server on one core, load generator on another" : "NOT pinned to cores";
  return `${cores} cores, Node ${node}, ${platform}, ${date}; ${where}; ${settings.rounds} rounds of ${settings.seconds} s, interleaved in random order. Median (minimum-maximum); ratios are taken within a round.`;
}

function targetsTable(results: BenchResults): string[] {
  const targets = judgeTargets(results);
  if (targets.length === 0) return [];
  const rows = targets.map(({ what, target, got, unit, met }) => [
    what,
    target,
    `${spread(got)}${unit}`,
    met ? "yes" : "NO",
  ]);
  return ["## Figures to reach", table(["what", "target", "got", "met"], rows)];
}

function comparisonTable(name: ComparisonName, results: BenchResults): string[] {
  const rows = results.comparisons[name];
  if (rows === undefined) return [];
  const { title, variants }: Comparison = COMPARISONS[name];
  const bases = Object.entries(variants)
    .filter(([, kind]) => ["bare", "express", "direct-iris", "direct-digits"].includes(kind))
    .map(([variant]) => variant);
  const head = [
    "connections",
    "variant",
    "per second",
    ...bases.map((base) => `/ ${base}`),
    "p50 / p99 ms",
    "peak MB",
    "us CPU each",
  ];
  const body = rows.map((row) => comparisonRow(row, rows, bases));
  return [`## ${name}: ${title}`, table(head, body), ...warnings(rows)];
}

function comparisonRow(row: Row, rows: readonly Row[], bases: readonly string[]): string[] {
  const { variant, connections, samples, failed } = row;
  if (failed !== undefined)
    return [String(connections), variant, `FAILED: ${failed}`, ...bases.map(() => ""), "", "", ""];
  const rates = of(samples, "perSecond");
  const ratios = bases.map((base) => {
    const baseRow = rows.find((other) => other.variant === base && other.connections === connections);
    return base === variant || baseRow === undefined
      ? ""
      : spread(ratioOf(rates, of(baseRow.samples, "perSecond")));
  });
  const latency = `${number(median(samples, "p50Ms"))} / ${number(median(samples, "p99Ms"))}`;
  const peak = number(spreadOf(of(samples, "peakMb")).max);
  return [
    String(connections),
    variant,
    spread(spreadOf(rates)),
    ...ratios,
    Number.isNaN(median(samples, "p50Ms")) ? "" : latency,
    peak,
    number(median(samples, "cpuUs")),
  ];
}

function of(samples: readonly Sample[], key: keyof Sample): number[] {
  return samples.map((sample) => sample[key]);
}

function median(samples: readonly Sample[], key: keyof Sample): number {
  return spreadOf(of(samples, key)).median;
}

function warnings(rows: readonly Row[]): string[] {
  const busy = rows.filter(({ samples }) => median(samples, "loadShare") > BUSY_GENERATOR);
  if (busy.length === 0) return [];
  const names = busy.map(({ variant, connections }) => `${variant} at ${connections}`).join(", ");
  return [`The load generator was busy all the time and may be the limit: ${names}.`];
}

function coldStartTable({ coldStarts }: BenchResults): string[] {
  const bare = coldStarts?.[0];
  if (coldStarts === undefined || bare === undefined) return [];
  const rows = coldStarts.map(({ variant, startMs, idleMb }) => [
    variant,
    spread(spreadOf(startMs)),
    variant === bare.variant ? "" : spread(ratioOf(startMs, bare.startMs)),
    spread(spreadOf(idleMb)),
    variant === bare.variant ? "" : spread(ratioOf(idleMb, bare.idleMb)),
  ]);
  const head = ["variant", "ms to ready", `/ ${bare.variant}`, "idle MB", `/ ${bare.variant}`];
  return ["## cold-start: spawn to the first 200 on /v2/health/ready, no model", table(head, rows)];
}

function healthTable({ health }: BenchResults): string[] {
  if (health === undefined) return [];
  const rows = health.map(({ cores, predictsPerSecond, probes, probeMs }) => [
    cores,
    number(predictsPerSecond),
    String(probes),
    number(probeMs.median),
    number(probeMs.max),
  ]);
  const head = ["server on", "predicts a second", "probes", "median ms", "maximum ms"];
  return [
    "## health: GET /v2/health/ready during saturating 20 ms predicts, 8 connections",
    table(head, rows),
  ];
}

function soakTable({ soak }: BenchResults): string[] {
  if (soak === undefined) return [];
  const rows = soak.map(({ variant, requests, seconds, residentMb, slopeMb, maxToMin }) => [
    variant,
    requests.toLocaleString("en"),
    number(seconds),
    residentMb.map((value) => Math.round(value)).join(" "),
    number(slopeMb),
    number(maxToMin),
  ]);
  const head = [
    "variant",
    "requests",
    "seconds",
    "resident MB, idle and every 5,000",
    "MB per 10,000 after 20,000",
    "largest / smallest after 20,000",
  ];
  return ["## soak: mixed sizes, memory over time", table(head, rows)];
}

/** A table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The median, with minimum and maximum where they differ. */
export function spread({ median: middle, min, max }: Spread): string {
  if (Number.isNaN(middle)) return "";
  return min === max ? number(middle) : `${number(middle)} (${number(min)}-${number(max)})`;
}

/** A number with as many digits as say something. */
export function number(value: number): string {
  if (Number.isNaN(value)) return "";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
