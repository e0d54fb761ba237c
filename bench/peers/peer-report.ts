import type { ColdStart } from "../measure/cold-start.ts";
import { ratioOf, spreadOf } from "../measure/statistics.ts";
import type { Row } from "../measure/throughput.ts";
import { number, spread, table } from "../report/markdown.ts";
import type { MachineFacts } from "../report/results.ts";
import type { TargetResult } from "../report/targets.ts";
import type { Batched } from "./batched.ts";
import type { PeerSettings } from "./compare-peers.ts";
import * as figures from "./sections.ts";
import type { SubjectName } from "./subjects.ts";

/** What was measured; sections can be measured in runs of their own. */
export interface PeerResults {
  readonly machine: MachineFacts;
  readonly settings: PeerSettings;
  /** Peers that could not be installed, and why. */
  readonly missing: Readonly<Record<string, string>>;
  readonly comparisons: Partial<Record<figures.PeerSectionName, readonly Row[]>>;
  readonly starts?: readonly ColdStart[];
  readonly batched?: Batched;
}

const KSERVE: SubjectName = "kserve";
const BUSY_LOAD = 0.9;

/** The figures to reach that were measured. */
export function judgePeers({ comparisons, starts = [], batched }: PeerResults): TargetResult[] {
  const results: TargetResult[] = [];
  const atLeast = (what: string, values: readonly number[], bases: readonly number[], limit: number) => {
    const got = ratioOf(values, bases);
    results.push({ what, target: `>= ${limit}`, got, unit: "", met: got.median >= limit });
  };
  for (const { section, ours, to, atLeast: limit, connections } of figures.PEER_TARGETS) {
    for (const count of connections) {
      const rates = ratesOf(comparisons[section], ours, count);
      const others = to.map((name) => ratesOf(comparisons[section], name, count));
      const best = rates.map((_rate, round) => Math.max(...others.map((list) => list[round] ?? 0)));
      if (rates.length === 0 || !best.every((rate) => rate > 0)) continue;
      const name = to.length > 1 ? `the best of ${to.join(", ")}` : String(to[0]);
      atLeast(`${section}, ${count}: ${ours} / ${name}`, rates, best, limit);
    }
  }
  for (const { variant, samples } of comparisons["grpc-image"] ?? []) {
    if (!variant.startsWith("ours") || samples.length === 0) continue;
    const got = spreadOf(samples.map(({ peakMb }) => peakMb));
    const target = `<= ${figures.GRPC_PEAK_MB} MB`;
    results.push({
      what: `grpc-image: ${variant}, peak memory`,
      target,
      got,
      unit: " MB",
      met: got.max <= figures.GRPC_PEAK_MB,
    });
  }
  if (batched !== undefined) {
    atLeast("batching: batched / session.run", batched.batched, batched.direct, figures.BATCHED_TO_DIRECT);
    atLeast("batching: batched / not", batched.batched, batched.unbatched, figures.BATCHED_TO_UNBATCHED);
  }
  const kserve = starts.find(({ variant }) => variant === KSERVE);
  for (const { variant, startMs, idleMb } of starts) {
    if (kserve === undefined || !variant.startsWith("ours")) continue;
    atLeast(`cold start: kserve / ${variant}`, kserve.startMs, startMs, figures.COLD_START_RATIO);
    const got = ratioOf(idleMb, kserve.idleMb);
    const what = `idle memory: ${variant} / kserve`;
    const met = got.median <= figures.IDLE_RATIO;
    results.push({ what, target: `<= ${figures.IDLE_RATIO}`, got, unit: "", met });
  }
  return results;
}

function ratesOf(rows: readonly Row[] | undefined, variant: string, connections: number): readonly number[] {
  const row = rows?.find((other) => other.variant === variant && other.connections === connections);
  return row?.samples.map(({ perSecond }) => perSecond) ?? [];
}

/** The results as a Markdown page. */
export function peersMarkdown(results: PeerResults): string {
  const { machine, missing, comparisons } = results;
  const where = machine.pinned ? "server on one core, load on another" : "NOT pinned to cores";
  const parts = [
    "# Peers, side by side",
    `${machine.cores} cores, Node ${machine.node}, ${machine.platform}, ${machine.date}; ${where}; interleaved in random order. Median (minimum-maximum); ratios are taken within a round. HTTP load: the benchmark's own; gRPC load: h2load over 4 connections, whose latency is a mean. Every server logs errors only.`,
    ...Object.entries(missing).map(([name, why]) => `Left out: ${name}, ${why}.`),
    "## Figures to reach",
    table(
      ["what", "target", "got", "met"],
      judgePeers(results).map(({ what, target, got, unit, met }) => [
        what,
        target,
        `${spread(got)}${unit}`,
        met ? "yes" : "NO",
      ]),
    ),
  ];
  for (const name of Object.keys(figures.PEER_SECTIONS) as figures.PeerSectionName[]) {
    const rows = comparisons[name];
    if (rows !== undefined) parts.push(...comparison(name, rows));
  }
  if (results.batched !== undefined) parts.push(...batchedTable(results.batched));
  if (results.starts !== undefined) parts.push(...startsTable(results.starts));
  return `${parts.join("\n\n")}\n`;
}

function comparison(name: figures.PeerSectionName, rows: readonly Row[]): string[] {
  const busy = rows.filter(({ samples }) => medianOf(samples, "loadShare") > BUSY_LOAD);
  const head = [
    "connections",
    "server",
    "per second",
    `/ ${KSERVE}`,
    "ms, median (gRPC: mean)",
    "p99 ms",
    "peak MB",
    "us CPU each",
  ];
  const lines = rows.map(({ variant, connections, samples, failed }) => {
    const rates = samples.map(({ perSecond }) => perSecond);
    return [
      String(connections),
      variant,
      failed === undefined ? spread(spreadOf(rates)) : `FAILED: ${oneLine(failed)}`,
      variant === KSERVE ? "" : spread(ratioOf(rates, ratesOf(rows, KSERVE, connections))),
      number(medianOf(samples, "p50Ms")),
      number(medianOf(samples, "p99Ms")),
      number(spreadOf(samples.map(({ peakMb }) => peakMb)).max),
      number(medianOf(samples, "cpuUs")),
    ];
  });
  const note = busy.map(({ variant, connections }) => `${variant} at ${connections}`).join(", ");
  return [
    `## ${name}: ${figures.PEER_SECTIONS[name].title}`,
    table(head, lines),
    ...(note === "" ? [] : [`The load generator was busy all the time and may be the limit: ${note}.`]),
  ];
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll("|", "/");
}

function medianOf(samples: Row["samples"], key: keyof Row["samples"][number]): number {
  return spreadOf(samples.map((sample) => sample[key])).median;
}

function batchedTable({ direct, batched, unbatched }: Batched): string[] {
  const rows = Object.entries({ "session.run, one row": direct, batched, "not batched": unbatched });
  return [
    "## batching: ONNX 784-512-10, V2 binary, 32 connections, a worker, one core",
    table(
      ["variant", "per second"],
      rows.map(([name, rates]) => [name, spread(spreadOf(rates))]),
    ),
  ];
}

function startsTable(starts: readonly ColdStart[]): string[] {
  const rows = starts.map(({ variant, startMs, idleMb }) => [
    variant,
    spread(spreadOf(startMs)),
    spread(spreadOf(idleMb)),
  ]);
  return [
    "## cold-start: spawn to the first 200 on /v2/health/ready, an echo, REST and gRPC where there is both",
    table(["server", "ms to ready", "idle MB"], rows),
  ];
}
