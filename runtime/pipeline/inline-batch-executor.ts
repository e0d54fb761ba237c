import { KtsError } from "../../contract/errors.ts";
import { RunCounts } from "../telemetry/run-counts.ts";
import { Batcher, type Outcome } from "./batcher.ts";
import { Departure } from "./departure.ts";
import type {
  BatchPolicy,
  Executor,
  ExecutorLoad,
  Job,
  JobResult,
  ModelInfo,
  PredictionStream,
} from "./executor.ts";
import { freeInputs } from "./inline-executor.ts";
import { InlineStreams } from "./inline-streams.ts";
import { PendingJob } from "./pending-job.ts";
import { PendingStream } from "./pending-stream.ts";
import type { PredictorRunner } from "./runner.ts";
import { WaitingLine } from "./waiting-line.ts";

/** Runs a predictor whose requests share runs on this very thread. What came in one turn of the event loop shares one. */
export class InlineBatchExecutor implements Executor {
  readonly info: ModelInfo;
  readonly runCounts = new RunCounts();
  readonly #runner: PredictorRunner;
  readonly #line: WaitingLine;
  readonly #streams: InlineStreams;
  readonly #batcher: Batcher<PendingJob>;
  readonly #departure: Departure;
  readonly #maxBatchSize: number;
  /** Runs, or streams, that may be under way at once; undefined where the predictor does not say. */
  readonly #concurrency: number | undefined;
  #running = 0;
  #dispatching = false;
  #disposed = false;

  /** @param maxQueueSize requests that may wait */
  constructor(runner: PredictorRunner, policy: BatchPolicy, maxQueueSize: number) {
    this.info = { ...runner.info, execution: "inline" };
    this.#runner = runner;
    this.#line = new WaitingLine(maxQueueSize);
    this.#streams = new InlineStreams(runner);
    this.#departure = new Departure(policy, this.#line, () => this.#dispatch());
    this.#maxBatchSize = policy.maxBatchSize;
    this.#concurrency = runner.concurrency;
    this.#batcher = new Batcher(runner, policy, () => this.#mostRuns, {
      ended: (pending, outcome) => this.#ended(pending, outcome),
      ran: () => this.#dispatchSoon(),
    });
  }

  /** A stream takes the place of a run, where the predictor limits them. */
  get #mostRuns(): number {
    return this.#concurrency === undefined ? 1 : this.#concurrency - this.#streams.running;
  }

  get #isRoomForStream(): boolean {
    return this.#concurrency === undefined || this.#batcher.lanes + this.#streams.running < this.#concurrency;
  }

  get notReadyReason(): string | undefined {
    return this.#disposed ? "It has been unloaded." : undefined;
  }

  get load(): ExecutorLoad {
    return { queued: this.#line.length, running: this.#running + this.#streams.running, workers: 1 };
  }

  run(job: Job, signal: AbortSignal): Promise<JobResult> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#disposed) return Promise.reject(shuttingDown());
    try {
      this.#line.requireRoom(this.#batcher.isFree ? this.#maxBatchSize : 0, this.#concurrency ?? 1);
    } catch (error) {
      return Promise.reject(error);
    }
    const pending = new PendingJob(job, signal, (aborted) => this.#line.remove(aborted));
    this.#line.add(pending);
    this.#dispatchSoon();
    return pending.promise;
  }

  /** Shares no run: starts at once, or as soon as the predictor's `concurrency` allows. */
  stream(job: Job, signal: AbortSignal): PredictionStream {
    const pending = new PendingStream(job, signal, (aborted) => {
      if (!this.#line.remove(aborted)) aborted.holder?.abort(aborted);
    });
    try {
      signal.throwIfAborted();
      if (this.#disposed) throw shuttingDown();
      const waits = this.#concurrency !== undefined && this.#line.length > 0;
      if (this.#isRoomForStream && !waits) this.#startStream(pending);
      else {
        this.#line.requireRoom(0, this.#concurrency ?? 1);
        this.#line.add(pending);
        this.#dispatchSoon();
      }
    } catch (error) {
      pending.reject(error);
    }
    return pending;
  }

  #startStream(pending: PendingStream): void {
    void this.#streams.run(pending).then(() => {
      this.#batcher.resume();
      this.#dispatchSoon();
    });
  }

  #dispatchSoon(): void {
    if (this.#dispatching || this.#line.length === 0) return;
    this.#dispatching = true;
    setImmediate(() => {
      this.#dispatching = false;
      this.#dispatch();
    });
  }

  /** Nothing overtakes the first that waits. */
  #dispatch(): void {
    const single = this.#beforeFirstStream();
    if (single === 0) return this.#dispatchStream();
    if (!this.#batcher.isFree || !this.#departure.mayLeave()) return;
    const batch = this.#line.takeRows(this.#maxBatchSize, single);
    this.#running += batch.length;
    this.#batcher.add(batch);
    // Another lane may be free.
    this.#dispatchSoon();
  }

  /** Those that wait for a run, as many as fit into one, up to the first that waits to be streamed. */
  #beforeFirstStream(): number {
    let count = 0;
    for (const pending of this.#line.jobs) {
      if (pending instanceof PendingStream || count === this.#maxBatchSize) break;
      count++;
    }
    return count;
  }

  #dispatchStream(): void {
    if (!this.#isRoomForStream) return;
    for (const pending of this.#line.take(1)) this.#startStream(pending as PendingStream);
    this.#dispatchSoon();
  }

  #ended(pending: PendingJob, outcome: Outcome): void {
    this.#running--;
    if ("error" in outcome) return pending.reject(outcome.error);
    const { result } = outcome;
    const { timings, run } = result;
    const inPredictor = timings.preProcess + timings.predict + timings.postProcess;
    timings.queue = Math.max(0, performance.now() - pending.cameAt - inPredictor);
    this.#line.observe(inPredictor / (run?.requests ?? 1), inPredictor);
    const { rows, leads } = run ?? { rows: pending.rows, leads: true };
    this.runCounts.observe(timings, rows, leads);
    freeInputs(pending.job, result);
    pending.resolve(result);
  }

  async userMetrics(): Promise<readonly unknown[]> {
    const metrics = await this.#runner.userMetrics();
    return metrics === undefined ? [] : [metrics];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#departure[Symbol.dispose]();
    this.#streams.cancel(shuttingDown());
    this.#line.rejectAll(shuttingDown());
    await this.#runner[Symbol.asyncDispose]();
  }
}

function shuttingDown(): KtsError {
  return new KtsError("KTS_SHUTTING_DOWN", "the server is shutting down");
}
