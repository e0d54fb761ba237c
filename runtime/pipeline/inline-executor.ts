import { KtsError } from "../../contract/errors.ts";
import type { Executor, ExecutorLoad, Job, JobResult, ModelInfo, PredictionStream } from "./executor.ts";
import { RunCounts } from "../telemetry/run-counts.ts";
import { InlineStreams } from "./inline-streams.ts";
import { PendingJob } from "./pending-job.ts";
import { PendingStream } from "./pending-stream.ts";
import { rowsOf } from "./rows.ts";
import type { PredictorRunner } from "./runner.ts";
import { freeBlocks, largeBlocks, mayShare } from "./tensor-memory.ts";
import { WaitingLine } from "./waiting-line.ts";

/** Runs a predictor on this very thread: for those that only await, or do next to nothing. */
export class InlineExecutor implements Executor {
  readonly info: ModelInfo;
  readonly runCounts = new RunCounts();
  readonly #runner: PredictorRunner;
  readonly #line: WaitingLine;
  readonly #streams: InlineStreams;
  /** Calls that may be under way at once; a predictor that does not say only awaits, so any number may. */
  readonly #most: number;
  #running = 0;
  #draining = false;
  #disposed = false;

  /** @param maxQueueSize requests that may wait where the predictor limits its `concurrency` */
  constructor(runner: PredictorRunner, maxQueueSize: number) {
    this.info = { ...runner.info, execution: "inline" };
    this.#runner = runner;
    this.#line = new WaitingLine(maxQueueSize);
    this.#streams = new InlineStreams(runner);
    this.#most = runner.concurrency ?? Infinity;
  }

  get notReadyReason(): string | undefined {
    return this.#disposed ? "It has been unloaded." : undefined;
  }

  get load(): ExecutorLoad {
    return { queued: this.#line.length, running: this.#running, workers: 1 };
  }

  run(job: Job, signal: AbortSignal): Promise<JobResult> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#disposed) return Promise.reject(shuttingDown());
    if (this.#running < this.#most) return this.#runNow(job, signal);
    try {
      this.#line.requireRoom(0, this.#most);
    } catch (error) {
      return Promise.reject(error);
    }
    const pending = new PendingJob(job, signal, (aborted) => this.#line.remove(aborted));
    this.#line.add(pending);
    return pending.promise;
  }

  stream(job: Job, signal: AbortSignal): PredictionStream {
    const pending = new PendingStream(job, signal, (aborted) => {
      if (!this.#line.remove(aborted)) aborted.holder?.abort(aborted);
    });
    try {
      signal.throwIfAborted();
      if (this.#disposed) throw shuttingDown();
      if (this.#running < this.#most) this.#startStream(pending);
      else {
        this.#line.requireRoom(0, this.#most);
        this.#line.add(pending);
      }
    } catch (error) {
      pending.reject(error);
    }
    return pending;
  }

  #startStream(pending: PendingStream): void {
    this.#running++;
    void this.#streams.run(pending).then(() => this.#ended());
  }

  /** A predictor that answers without a promise is answered for without a listener. */
  #runNow(job: Job, signal: AbortSignal): Promise<JobResult> {
    this.#running++;
    let outcome: JobResult | Promise<JobResult>;
    try {
      outcome = this.#runner.run(job, { signal });
    } catch (error) {
      this.#ended();
      return Promise.reject(error);
    }
    if (!(outcome instanceof Promise)) {
      this.#ended();
      this.runCounts.observe(outcome.timings, rowsOf(job.payload), true);
      freeInputs(job, outcome);
      return Promise.resolve(outcome);
    }
    const pending = new PendingJob(job, signal, () => undefined);
    this.#settle(pending, outcome);
    return pending.promise;
  }

  #settle(pending: PendingJob, outcome: Promise<JobResult>): void {
    const started = performance.now();
    outcome
      .then(
        (result) => {
          this.runCounts.observe(result.timings, pending.rows, true);
          freeInputs(pending.job, result);
          pending.resolve(result);
        },
        (error: unknown) => pending.reject(error),
      )
      .finally(() => {
        this.#line.observe(performance.now() - started);
        this.#ended();
      });
  }

  #ended(): void {
    this.#running--;
    if (this.#line.length > 0 && !this.#draining) this.#drain();
  }

  /** A loop, not a recursion: what answers at once ends within it. */
  #drain(): void {
    this.#draining = true;
    while (this.#line.length > 0 && this.#running < this.#most) {
      for (const pending of this.#line.take(1)) {
        if (pending instanceof PendingStream) this.#startStream(pending);
        else this.#runWaiting(pending);
      }
    }
    this.#draining = false;
  }

  #runWaiting(pending: PendingJob): void {
    const queue = performance.now() - pending.cameAt;
    this.#runNow(pending.job, pending.signal).then(
      (result) => {
        result.timings.queue = queue;
        pending.resolve(result);
      },
      (error: unknown) => pending.reject(error),
    );
  }

  async userMetrics(): Promise<readonly unknown[]> {
    const metrics = await this.#runner.userMetrics();
    return metrics === undefined ? [] : [metrics];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#streams.cancel(shuttingDown());
    this.#line.rejectAll(shuttingDown());
    await this.#runner[Symbol.asyncDispose]();
  }
}

function shuttingDown(): KtsError {
  return new KtsError("KTS_SHUTTING_DOWN", "the server is shutting down");
}

/** Frees the memory of a request that its answer does not show. */
export function freeInputs(job: Job, result: JobResult): void {
  if (job.payload.kind === "instances") return;
  const blocks = largeBlocks(job.payload);
  if (blocks.size > 0 && !mayShare(result.prediction, blocks)) freeBlocks(blocks);
}
