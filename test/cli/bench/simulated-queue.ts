import { createArrivals } from "../../../cli/bench/load/arrivals.ts";
import { Histogram } from "../../../cli/bench/load/histogram.ts";
import { createRandom } from "../../../runtime/random.ts";
import type { WindowResult } from "../../../cli/bench/load/window.ts";
import { type Step, stepOf } from "../../../cli/bench/step.ts";

/** Workers behind one queue, each answering at random times around a mean: M/M/c of queueing theory. */
export interface SimulatedQueue {
  readonly workers: number;
  /** Requests a second that one worker answers. */
  readonly perWorker: number;
  readonly seconds: number;
  /** The time at which the machine pauses, and for how long; in milliseconds. */
  readonly pause?: { readonly atMs: number; readonly ms: number };
}

/** What a step at a rate measures of it: the same for the same seed, whatever the machine does. */
export function simulate(queue: SimulatedQueue, perSecond: number, seed: number): Step {
  const { workers, perWorker, seconds, pause } = queue;
  const random = createRandom(seed);
  const nextArrivalMs = createArrivals("poisson", perSecond, random);
  const freeAtMs = new Array<number>(workers).fill(0);
  const latencies = new Histogram();
  const windowMs = seconds * 1000;
  let due = 0;
  let rightWithin = 0;
  for (let atMs = nextArrivalMs(); atMs < windowMs; atMs = nextArrivalMs()) {
    const worker = freeAtMs.indexOf(Math.min(...freeAtMs));
    let startMs = Math.max(atMs, freeAtMs[worker] as number);
    if (pause !== undefined && startMs >= pause.atMs && startMs < pause.atMs + pause.ms) {
      startMs = pause.atMs + pause.ms;
    }
    const endMs = startMs + (-Math.log(1 - random()) * 1000) / perWorker;
    freeAtMs[worker] = endMs;
    due++;
    if (endMs < windowMs) rightWithin++;
    latencies.record(endMs - atMs);
  }
  return stepOf(perSecond, { ...quietWindow(latencies), seconds, due, right: due, rightWithin });
}

/** A window in which nothing went wrong. */
export function quietWindow(latencies: Histogram): WindowResult {
  const { count } = latencies;
  return {
    seconds: 1,
    due: count,
    right: count,
    rightWithin: count,
    failures: {},
    messages: {},
    latencies,
    generator: { lagP99Ms: 0.1, lagMaxMs: 0.4, loopDelayP99Ms: 0.2, busyShare: 0.1, waitedShare: 0 },
  };
}
