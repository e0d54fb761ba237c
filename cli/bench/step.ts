import type { GeneratorFacts, WindowResult } from "./load/window.ts";

/** Percentiles of latencies in milliseconds, from when a request was due; NaN where none was measured. */
export interface Latencies {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly mean: number;
  readonly max: number;
}

/** One rate that was offered for some seconds, and what became of it. */
export interface Step {
  /** Requests a second that the schedule had. */
  readonly offeredPerSecond: number;
  /** Seconds that were measured. */
  readonly seconds: number;
  /** Requests that were due in them. */
  readonly due: number;
  /** Right answers to those. */
  readonly right: number;
  /** Right answers a second that came within the seconds measured. */
  readonly throughputPerSecond: number;
  /** The share of the requests without a right answer. */
  readonly failedShare: number;
  /** Requests without a right answer by kind: an HTTP status, `timeout`, `connection`, `unanswered`. */
  readonly failures: Readonly<Record<string, number>>;
  /** What the first of each kind said. */
  readonly messages: Readonly<Record<string, string>>;
  readonly latencyMs: Latencies;
  /** Fewer latencies than a p99 needs: it is then little more than the maximum. */
  readonly hasFewSamples: boolean;
  /** The load generator, not the server, is what this step has measured. */
  readonly isGeneratorLimit: boolean;
  readonly generator: GeneratorFacts;
  /** Cores that the server's process was busy with; undefined of a server that was not started here. */
  readonly serverCores: number | undefined;
}

/** Ten values above the p99 at least make it more than chance. */
const ENOUGH_SAMPLES = 1000;
/** A lag that is no matter, whatever the latencies are. */
const SMALL_LAG_MS = 5;
/** The share of a p99 that may be the generator's own doing. */
const LAG_SHARE = 0.25;
/** A thread that is busier has no time left to be on time. */
const MOST_BUSY = 0.95;

/** The facts of a window of open-loop load. */
export function stepOf(
  offeredPerSecond: number,
  { seconds, due, right, rightWithin, failures, messages, latencies, generator }: WindowResult,
  serverCores?: number,
): Step {
  const latencyMs = latenciesOf(latencies);
  const lagLimitMs = Math.max(SMALL_LAG_MS, LAG_SHARE * (Number.isNaN(latencyMs.p99) ? 0 : latencyMs.p99));
  return {
    offeredPerSecond,
    seconds,
    due,
    right,
    throughputPerSecond: rightWithin / seconds,
    failedShare: due === 0 ? 0 : (due - right) / due,
    failures,
    messages,
    latencyMs,
    hasFewSamples: latencies.count < ENOUGH_SAMPLES,
    isGeneratorLimit: generator.lagP99Ms > lagLimitMs || generator.busyShare > MOST_BUSY,
    generator,
    serverCores,
  };
}

/** The percentiles that are shown. */
export function latenciesOf(latencies: WindowResult["latencies"]): Latencies {
  return {
    p50: latencies.quantileMs(0.5),
    p90: latencies.quantileMs(0.9),
    p99: latencies.quantileMs(0.99),
    p999: latencies.quantileMs(0.999),
    mean: latencies.meanMs,
    max: latencies.maxMs,
  };
}
