import { setTimeout as sleep } from "node:timers/promises";
import type { ArrivalKind } from "./load/arrivals.ts";
import { createArrivals } from "./load/arrivals.ts";
import { closedLoop } from "./load/closed-loop.ts";
import type { Lanes } from "./load/lanes.ts";
import { openLoop } from "./load/open-loop.ts";
import type { Pacer } from "./load/pacer.ts";
import { createRandom } from "../../runtime/random.ts";
import type { WindowResult } from "./load/window.ts";
import { type Step, stepOf } from "./step.ts";
import { type Traffic, sendOnce } from "./traffic.ts";

/** What does not change from step to step. */
export interface MeasureOptions {
  readonly traffic: Traffic;
  readonly pacer: Pacer;
  readonly arrivals: ArrivalKind;
  readonly warmupMs: number;
  readonly windowMs: number;
  /** Milliseconds to wait for the last answers of a step. */
  readonly drainMs: number;
  readonly signal: AbortSignal;
  /** Milliseconds of CPU that the server has used so far; undefined where it cannot be told. */
  readonly serverCpuMs?: () => Promise<number | undefined>;
}

/** The capacity is an estimate, and found in some such windows: they are shorter than a step. */
const CLOSED_WARMUP_SHARE = 0.25;
const MOST_CLOSED_WARMUP_MS = 500;
const CLOSED_WINDOW_SHARE = 0.4;
const LEAST_CLOSED_MS = 300;
const MOST_CLOSED_MS = 1_500;
const SETTLE_MS = 10_000;
const SETTLE_PAUSE_MS = 50;

/** Measures one server, step by step, over the same connections. */
export class Measurer implements Disposable {
  readonly #options: MeasureOptions;
  readonly #lanes: Lanes;
  #steps = 0;

  constructor(options: MeasureOptions) {
    this.#options = options;
    this.#lanes = options.traffic.openLanes();
  }

  /**
   * Offers a rate for the seconds of a step.
   * @throws the signal's reason, once it is aborted; what asking the server's process throws
   */
  async step(perSecond: number): Promise<Step> {
    const { traffic, pacer, arrivals, warmupMs, windowMs, drainMs, signal, serverCpuMs } = this.#options;
    // The same steps have the same schedules in every run, and repeats of a step different ones.
    const random = createRandom(++this.#steps);
    const startedMs = performance.now();
    const before = await serverCpuMs?.();
    const window = await openLoop({
      lanes: this.#lanes,
      pacer,
      nextRequest: traffic.nextRequest,
      nextArrivalMs: createArrivals(arrivals, perSecond, random),
      warmupMs,
      windowMs,
      drainMs,
      signal,
    });
    const after = await serverCpuMs?.();
    const cores =
      before === undefined || after === undefined
        ? undefined
        : (after - before) / (performance.now() - startedMs);
    await this.#settle();
    return stepOf(perSecond, window, cores);
  }

  /** So many requests under way at any time, for a short while. @throws the signal's reason, once it is aborted */
  async closed(atOnce: number): Promise<WindowResult> {
    const { traffic, windowMs, signal } = this.#options;
    const result = await closedLoop({
      lanes: this.#lanes,
      nextRequest: traffic.nextRequest,
      atOnce,
      warmupMs: Math.min(MOST_CLOSED_WARMUP_MS, windowMs * CLOSED_WARMUP_SHARE),
      windowMs: Math.min(MOST_CLOSED_MS, Math.max(LEAST_CLOSED_MS, windowMs * CLOSED_WINDOW_SHARE)),
      signal,
    });
    await this.#settle();
    return result;
  }

  [Symbol.dispose](): void {
    this.#lanes[Symbol.dispose]();
  }

  /** What an overload left behind is not the next step's: waits until a request is answered again. */
  async #settle(): Promise<void> {
    const { traffic, signal } = this.#options;
    const untilMs = performance.now() + SETTLE_MS;
    while (performance.now() < untilMs) {
      if ((await sendOnce(this.#lanes, traffic.nextRequest(), signal)) === undefined) return;
      await sleep(SETTLE_PAUSE_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}
