import { setImmediate as nextTurn } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { isThenable } from "./after.ts";
import type { BatchPolicy, Job, JobResult, RunShare, StageTimings } from "./executor.ts";
import { canJoin, inputRows, joinInputs } from "./batch-input.ts";
import { checkOutputRows, splitOutput } from "./batch-output.ts";
import { type AbortSource, SharedSignal } from "./batch-signal.ts";
import type { CallContext } from "./call-context.ts";
import { isAboutAll, predictorError } from "./predictor-error.ts";
import type { PredictorRunner } from "./runner.ts";

/** After a run longer than this the event loop has a turn, so that aborts arrive before the next run. */
const LONG_RUN_MS = 1;

/** A request on its way through a batcher. */
export interface BatchEntry extends AbortSource {
  readonly job: Job;
}

/** How a request ended. */
export type Outcome = { readonly result: JobResult } | { readonly error: unknown };

/** What a batcher tells of its requests and runs. */
export interface BatcherEvents<Entry> {
  /** Exactly once for each request. */
  ended(entry: Entry, outcome: Outcome): void;
  /** A run is over, and `ended` was called for those of its requests that nothing more waits for. */
  ran(startedAt: number): void;
}

/** A request whose preProcess is done. */
interface Prepared<Entry> {
  readonly entry: Entry;
  readonly context: CallContext;
  readonly input: unknown;
  /** Instances of the input; 0 where it cannot be joined with another. */
  readonly rows: number;
  readonly timings: StageTimings;
}

/**
 * Runs requests through a predictor so that what waits while a run is under way goes together: preProcess each,
 * predict on all of their rows, postProcess each.
 */
export class Batcher<Entry extends BatchEntry> {
  readonly #runner: PredictorRunner;
  readonly #policy: BatchPolicy;
  readonly #most: () => number;
  readonly #events: BatcherEvents<Entry>;
  #ready: Prepared<Entry>[] = [];
  #lanes = 0;
  #starting = false;

  /** @param most tells how many runs may be under way at once */
  constructor(
    runner: PredictorRunner,
    policy: BatchPolicy,
    most: () => number,
    events: BatcherEvents<Entry>,
  ) {
    this.#runner = runner;
    this.#policy = policy;
    this.#most = most;
    this.#events = events;
  }

  /** Whether a request that came now could run at once. */
  get isFree(): boolean {
    return this.#lanes < this.#most() && this.#ready.length === 0;
  }

  /** Runs that are under way. */
  get lanes(): number {
    return this.#lanes;
  }

  /** Goes on with what is ready, where more runs may be under way than before. */
  resume(): void {
    if (this.#ready.length > 0) this.#startLanes();
  }

  /** Takes requests, in their order. */
  add(entries: readonly Entry[]): void {
    for (const entry of entries) this.#prepare(entry);
    this.#startLanes();
  }

  #prepare(entry: Entry): void {
    if (entry.aborted) return this.#failed(entry, entry.signal.reason);
    const runner = this.#runner;
    const context = runner.contextOf(entry.job, entry);
    const startedAt = runner.preparesItself ? performance.now() : 0;
    try {
      const input = runner.prepare(entry.job, context);
      if (!isThenable(input)) return this.#prepared(entry, context, input, startedAt);
      input.then(
        (value: unknown) => {
          this.#prepared(entry, context, value, startedAt);
          this.#startSoon();
        },
        (error: unknown) => {
          this.#failed(entry, error);
          this.#events.ran(startedAt);
        },
      );
    } catch (error) {
      this.#failed(entry, error);
    }
  }

  #prepared(entry: Entry, context: CallContext, input: unknown, startedAt: number): void {
    const timings: StageTimings = { queue: 0, preProcess: 0, predict: 0, postProcess: 0 };
    if (startedAt > 0) timings.preProcess = performance.now() - startedAt;
    const rows = entry.job.verb === "predict" ? inputRows(input) : 0;
    this.#ready.push({ entry, context, input, rows, timings });
  }

  /** Those that are ready within one turn of the event loop go together. */
  #startSoon(): void {
    if (this.#starting) return;
    this.#starting = true;
    setImmediate(() => {
      this.#starting = false;
      this.#startLanes();
    });
  }

  #startLanes(): void {
    if (this.#ready.length === 0) this.#events.ran(performance.now());
    while (this.#lanes < this.#most() && this.#ready.length > 0) void this.#runLane();
  }

  async #runLane(): Promise<void> {
    this.#lanes++;
    while (this.#ready.length > 0) {
      const group = this.#takeGroup();
      const startedAt = performance.now();
      const run = group.length > 1 ? this.#runShared(group) : group[0] && this.#runAlone(group[0], false);
      if (run instanceof Promise) await run;
      this.#events.ran(startedAt);
      if (this.#ready.length > 0) await turnAfter(startedAt);
    }
    this.#lanes--;
  }

  /** The first that is ready, and those behind it that can join, as many as fit. Nothing overtakes a first one. */
  #takeGroup(): readonly Prepared<Entry>[] {
    const { maxBatchSize } = this.#policy;
    const group: Prepared<Entry>[] = [];
    const kept: Prepared<Entry>[] = [];
    let rows = 0;
    for (const one of this.#ready) {
      const first = group[0];
      if (one.entry.aborted) this.#failed(one.entry, one.entry.signal.reason);
      else if (first === undefined) {
        group.push(one);
        rows = one.rows === 0 ? Infinity : one.rows;
      } else if (one.rows > 0 && rows + one.rows <= maxBatchSize && this.#canShare(first, one)) {
        group.push(one);
        rows += one.rows;
      } else kept.push(one);
    }
    this.#ready = kept;
    return group;
  }

  #canShare(first: Prepared<Entry>, other: Prepared<Entry>): boolean {
    if (!canJoin(first.input, other.input)) return false;
    return this.#runner.enginePredicts || sameParameters(first.entry.job, other.entry.job);
  }

  /** @param isRetry its run with others failed */
  #runAlone(one: Prepared<Entry>, isRetry: boolean): void | Promise<void> {
    const { entry, context, input, rows } = one;
    if (entry.aborted) return this.#failed(entry, entry.signal.reason);
    const startedAt = performance.now();
    const share = isRetry ? { requests: 1, rows, leads: true } : undefined;
    const answered = (raw: unknown) => {
      if (rows > 0) checkOutputRows(raw, rows);
      one.timings.predict = performance.now() - startedAt;
      this.#finish(one, raw, share);
    };
    const failed = (error: unknown) => this.#failed(entry, error);
    try {
      const raw = this.#runner.answer(entry.job, input, context);
      if (!isThenable(raw)) return answered(raw);
      return Promise.resolve(raw).then(answered).catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  #runShared(group: readonly Prepared<Entry>[]): void | Promise<void> {
    const counts = group.map(({ rows }) => rows);
    const rows = counts.reduce((sum, count) => sum + count, 0);
    const signal = new SharedSignal(group.map(({ entry }) => entry));
    const startedAt = performance.now();
    const answered = (raw: unknown) => {
      signal[Symbol.dispose]();
      const parts = splitOutput(raw, counts, rows);
      const predictMs = performance.now() - startedAt;
      for (const [at, one] of group.entries()) {
        one.timings.predict = predictMs;
        this.#finish(one, parts[at], { requests: group.length, rows, leads: at === 0 });
      }
    };
    const failed = (error: unknown) => {
      signal[Symbol.dispose]();
      return this.#sharedFailed(group, error);
    };
    try {
      const first = (group[0] as Prepared<Entry>).entry;
      const requestIds = group.map(({ entry }) => entry.job.requestId);
      const context = this.#runner.contextOf(first.job, signal, { size: rows, requestIds });
      const input = joinInputs(
        group.map((one) => one.input),
        rows,
      );
      const raw = this.#runner.answer(first.job, input, context);
      if (!isThenable(raw)) return answered(raw);
      return Promise.resolve(raw).then(answered).catch(failed);
    } catch (error) {
      return failed(error);
    }
  }

  /** Fails only those at fault, where the error does not say that it is about all of them. */
  async #sharedFailed(group: readonly Prepared<Entry>[], error: unknown): Promise<void> {
    if (isAboutAll(error)) {
      for (const { entry } of group) this.#failed(entry, error);
      return;
    }
    for (const one of group) {
      const startedAt = performance.now();
      await this.#runAlone(one, true);
      this.#events.ran(startedAt);
      await turnAfter(startedAt);
    }
  }

  #finish(one: Prepared<Entry>, raw: unknown, run: RunShare | undefined): void {
    const { entry, context, timings } = one;
    const startedAt = performance.now();
    const finished = (value: unknown) => {
      if (this.#runner.finishesItself) timings.postProcess = performance.now() - startedAt;
      const prediction = this.#runner.predictionOf(entry.job.verb, value);
      this.#events.ended(entry, { result: { prediction, timings, ...(run !== undefined && { run }) } });
    };
    const failed = (error: unknown) => this.#failed(entry, error);
    try {
      const value = this.#runner.finish(entry.job, raw, context);
      if (!isThenable(value)) return finished(value);
      void Promise.resolve(value)
        .then(finished)
        .catch(failed)
        .then(() => this.#events.ran(startedAt));
    } catch (error) {
      failed(error);
    }
  }

  #failed(entry: Entry, error: unknown): void {
    this.#events.ended(entry, { error: entry.aborted ? error : predictorError(error) });
  }
}

async function turnAfter(startedAt: number): Promise<void> {
  if (performance.now() - startedAt > LONG_RUN_MS) await nextTurn();
}

function sameParameters(one: Job, other: Job): boolean {
  return one.parameters === other.parameters || isDeepStrictEqual(one.parameters, other.parameters);
}
