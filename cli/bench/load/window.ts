import { EventLoopMonitor } from "../../../runtime/telemetry/event-loop.ts";
import { Histogram } from "./histogram.ts";
import type { Failure } from "./lane.ts";

/** What one window of load has measured. */
export interface WindowResult {
  /** Seconds that were measured, warm-up not counted. */
  readonly seconds: number;
  /** Requests that were due within the window. */
  readonly due: number;
  /** Right answers to those, whenever they came. */
  readonly right: number;
  /** Right answers that came within the window, whenever they were asked for. */
  readonly rightWithin: number;
  /** Failures of those that were due within it, by kind. */
  readonly failures: Readonly<Record<string, number>>;
  /** What the first failure of each kind said. */
  readonly messages: Readonly<Record<string, string>>;
  /**
   * Latencies from when a request was due: of right answers, and as far as they got of those that were given up. Quick
   * refusals are left out, as they would make a server look fast that turns requests away.
   */
  readonly latencies: Histogram;
  readonly generator: GeneratorFacts;
}

/** What the load generator has seen of itself. */
export interface GeneratorFacts {
  /** How late requests left for reasons of its own: busy, or kept from running by the machine. */
  readonly lagP99Ms: number;
  readonly lagMaxMs: number;
  /** How long its event loop was held up. */
  readonly loopDelayP99Ms: number;
  /** The share of the time that its thread was busy: near 1 it measures itself. */
  readonly busyShare: number;
  /** The share of the requests that waited since all connections were busy. */
  readonly waitedShare: number;
}

/** Given up without an answer: the time so far is a lower bound of the latency. */
const GIVEN_UP = new Set(["timeout", "unanswered"]);

/** Collects what happens within a window of time. */
export class WindowRecorder implements Disposable {
  readonly #fromMs: number;
  readonly #untilMs: number;
  readonly #latencies = new Histogram();
  readonly #lags = new Histogram();
  readonly #failures = new Map<string, { count: number; readonly message: string }>();
  readonly #loop = new EventLoopMonitor();
  #busy = performance.eventLoopUtilization();
  #busyShare = 0;
  #due = 0;
  #right = 0;
  #rightWithin = 0;
  #waited = 0;

  /** @param fromMs and `untilMs` by `performance.now()` */
  constructor(fromMs: number, untilMs: number) {
    this.#fromMs = fromMs;
    this.#untilMs = untilMs;
  }

  /** The warm-up is over. */
  begin(): void {
    this.#busy = performance.eventLoopUtilization();
    this.#loop.read();
  }

  /** All requests have left. */
  close(): void {
    this.#busyShare = performance.eventLoopUtilization(this.#busy).utilization;
  }

  /** A request leaves. */
  sent(dueMs: number, nowMs: number, hasWaited: boolean): void {
    if (dueMs < this.#fromMs) return;
    this.#due++;
    if (hasWaited) this.#waited++;
    this.#lags.record(nowMs - dueMs);
  }

  /** A request has ended. */
  ended(dueMs: number, nowMs: number, failure: Failure | undefined): void {
    if (failure === undefined && nowMs >= this.#fromMs && nowMs < this.#untilMs) this.#rightWithin++;
    if (dueMs < this.#fromMs) return;
    if (failure === undefined) this.#right++;
    else this.#count(failure);
    if (failure === undefined || GIVEN_UP.has(failure.kind)) this.#latencies.record(nowMs - dueMs);
  }

  result(): WindowResult {
    const failures = [...this.#failures].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return {
      seconds: (this.#untilMs - this.#fromMs) / 1000,
      due: this.#due,
      right: this.#right,
      rightWithin: this.#rightWithin,
      failures: Object.fromEntries(failures.map(([kind, { count }]) => [kind, count])),
      messages: Object.fromEntries(failures.map(([kind, { message }]) => [kind, message])),
      latencies: this.#latencies,
      generator: {
        lagP99Ms: this.#lags.count === 0 ? 0 : this.#lags.quantileMs(0.99),
        lagMaxMs: this.#lags.count === 0 ? 0 : this.#lags.maxMs,
        loopDelayP99Ms: this.#loop.read().p99 * 1000,
        busyShare: this.#busyShare,
        waitedShare: this.#due === 0 ? 0 : this.#waited / this.#due,
      },
    };
  }

  [Symbol.dispose](): void {
    this.#loop[Symbol.dispose]();
  }

  #count({ kind, message }: Failure): void {
    const known = this.#failures.get(kind);
    if (known === undefined) this.#failures.set(kind, { count: 1, message });
    else known.count++;
  }
}
