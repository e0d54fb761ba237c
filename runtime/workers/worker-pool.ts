import { KtsError, modelNotReady } from "../../contract/errors.ts";
import type { BatchVerdict } from "../pipeline/batch-policy.ts";
import { Departure } from "../pipeline/departure.ts";
import type {
  BatchPolicy,
  Executor,
  ExecutorLoad,
  Job,
  JobResult,
  ModelInfo,
  PredictionStream,
  RunShare,
  StageTimings,
} from "../pipeline/executor.ts";
import { PendingJob } from "../pipeline/pending-job.ts";
import { PendingStream } from "../pipeline/pending-stream.ts";
import type { LogSink } from "../pipeline/predictor-log.ts";
import { WaitingLine } from "../pipeline/waiting-line.ts";
import { RunCounts } from "../telemetry/run-counts.ts";
import type { WorkerBoot } from "./messages.ts";
import { type WorkerDeath, type WorkerEvents, WorkerHandle, type WorkerTuning } from "./worker-handle.ts";

/** How a pool is started. */
export interface PoolOptions {
  readonly boot: WorkerBoot;
  /** Worker threads. */
  readonly workers: number;
  /** Requests that may wait. */
  readonly maxQueueSize: number;
  readonly log: LogSink;
  readonly tuning: WorkerTuning;
}

/** Work that one message is to carry: enough that the message's own cost (about 60 us) does not count. */
const MESSAGE_MS = 2;
const MOST_JOBS_A_MESSAGE = 64;

/**
 * Most work in a batch that nobody asked for. A large one of slow rows gains little, and its first caller waits as
 * long as its last.
 */
const AUTOMATIC_BATCH_MS = 10;

/** Workers that may die one after another without having had a request; then the model, not a request, is to blame. */
const MOST_DEATHS = 3;

/** Runs a predictor in worker threads: a busy predict delays no probe, and one that dies takes nobody along. */
export class WorkerPool implements Executor {
  readonly #options: PoolOptions;
  readonly #workers: Set<WorkerHandle>;
  readonly #line: WaitingLine;
  readonly runCounts = new RunCounts();
  readonly #onAbort = (pending: PendingJob) => this.#aborted(pending);
  /** Known from the first boot on, which is before anybody has the pool. */
  #info: ModelInfo | undefined;
  #departure: Departure | undefined;
  #dispatching = false;
  #deaths = 0;
  #notReadyReason: string | undefined;
  #disposed = false;

  /**
   * Starts the workers, all at once.
   * @returns the pool; "inline" when the predictor wants to run inline, then nothing is left running
   * @throws KtsError why the first worker that failed did
   */
  static async start(options: PoolOptions): Promise<WorkerPool | "inline"> {
    const pool = new WorkerPool(options);
    try {
      if (await pool.#boot()) return pool;
    } catch (error) {
      await pool[Symbol.asyncDispose]();
      throw error;
    }
    await pool[Symbol.asyncDispose]();
    return "inline";
  }

  private constructor(options: PoolOptions) {
    this.#options = options;
    this.#line = new WaitingLine(options.maxQueueSize);
    this.#workers = new Set(Array.from({ length: options.workers }, () => this.#newWorker()));
  }

  /** Waits for every worker. False when the predictor wants to run inline. */
  async #boot(): Promise<boolean> {
    const workers = [...this.#workers];
    const [first] = await Promise.all(workers.map(({ booted }) => booted));
    if (first === undefined || first === "inline") return false;
    this.#info = first.info;
    const { batching } = first.info;
    if (batching !== undefined) {
      this.#departure = new Departure(batching, this.#line, () => this.#dispatch());
    }
    for (const worker of workers) if (worker.death !== undefined) this.#died(worker, worker.death);
    return true;
  }

  #newWorker(): WorkerHandle {
    const { boot, log, tuning } = this.#options;
    const events: WorkerEvents = {
      log,
      ran: (timings, run) => this.#ran(timings, run),
      answered: (worker) => this.#answered(worker),
      died: (worker, death) => this.#died(worker, death),
    };
    const known = this.#info === undefined ? {} : { batchVerdict: verdictOf(this.#info) };
    return new WorkerHandle({ ...boot, ...known }, events, tuning);
  }

  get info(): ModelInfo {
    return this.#info as ModelInfo;
  }

  get notReadyReason(): string | undefined {
    return this.#notReadyReason;
  }

  get load(): ExecutorLoad {
    let running = 0;
    let workers = 0;
    for (const worker of this.#workers) {
      running += worker.running;
      if (worker.concurrency > 0) workers++;
    }
    return { queued: this.#line.length, running, workers };
  }

  run(job: Job, signal: AbortSignal): Promise<JobResult> {
    if (signal.aborted) return Promise.reject(signal.reason);
    try {
      this.#requireRoom();
    } catch (error) {
      return Promise.reject(error);
    }
    const pending = new PendingJob(job, signal, this.#onAbort);
    this.#enter(pending);
    return pending.promise;
  }

  stream(job: Job, signal: AbortSignal): PredictionStream {
    const pending = new PendingStream(job, signal, this.#onAbort);
    try {
      signal.throwIfAborted();
      this.#requireRoom();
      this.#enter(pending);
    } catch (error) {
      pending.reject(error);
    }
    return pending;
  }

  #enter(pending: PendingJob): void {
    this.#line.add(pending);
    this.#dispatchSoon();
  }

  #requireRoom(): void {
    if (this.#disposed) throw shuttingDown();
    if (this.#notReadyReason !== undefined) {
      throw modelNotReady(this.#options.boot.source.name, this.#notReadyReason);
    }
    let free = 0;
    let lanes = 0;
    for (const worker of this.#workers) {
      if (this.#isFree(worker))
        free += this.info.batching?.maxBatchSize ?? worker.concurrency - worker.running;
      lanes += worker.concurrency;
    }
    this.#line.requireRoom(free, lanes);
  }

  /** Requests that arrive in one turn of the event loop leave in one message. */
  #dispatchSoon(): void {
    if (this.#dispatching) return;
    this.#dispatching = true;
    setImmediate(() => {
      this.#dispatching = false;
      this.#dispatch();
    });
  }

  #dispatch(): void {
    let lanes = 0;
    for (const worker of this.#workers) if (this.#isFree(worker)) lanes++;
    for (const worker of this.#workers) {
      if (this.#line.length === 0) return;
      if (!this.#isFree(worker)) continue;
      const departure = this.#departure;
      if (departure?.mayLeave() === false) return;
      worker.send(departure === undefined ? this.#single(worker, lanes) : this.#shared(lanes));
      lanes--;
    }
  }

  /** Where requests share runs a message is a run, else each job is. */
  #isFree(worker: WorkerHandle): boolean {
    return (this.#departure === undefined ? worker.running : worker.messages) < worker.concurrency;
  }

  /** As many as its predictor runs at once, or a message's worth of short ones; a fair share, where others are free. */
  #single(worker: WorkerHandle, lanes: number): readonly PendingJob[] {
    const room = Math.max(1, Math.max(worker.concurrency, this.#shortJobs()) - worker.running);
    return this.#line.take(Math.min(Math.ceil(this.#line.length / lanes), room));
  }

  /** A batch; a fair share, unless batches were waited for; or several batches, where they are small and short. */
  #shared(lanes: number): readonly PendingJob[] {
    const { maxBatchSize, maxDelayMs, automatic } = this.info.batching as BatchPolicy;
    const short = this.#shortJobs();
    if (short > maxBatchSize) return this.#line.take(Math.min(Math.ceil(this.#line.length / lanes), short));
    const share = maxDelayMs > 0 ? maxBatchSize : Math.ceil(this.#line.rows / lanes);
    const jobs = automatic ? this.#jobsIn(AUTOMATIC_BATCH_MS) : Infinity;
    return this.#line.takeRows(Math.min(maxBatchSize, share), jobs);
  }

  #shortJobs(): number {
    return Math.min(MOST_JOBS_A_MESSAGE, this.#jobsIn(MESSAGE_MS));
  }

  /** Jobs that take so long together; at least one, and no more before it is known how long one takes. */
  #jobsIn(ms: number): number {
    const { jobMs } = this.#line;
    return jobMs === undefined ? 1 : Math.max(1, Math.floor(ms / Math.max(jobMs, 0.001)));
  }

  #ran(timings: StageTimings, { requests, rows, leads }: RunShare): void {
    const runMs = timings.preProcess + timings.predict + timings.postProcess;
    this.#line.observe(runMs / requests, runMs);
    this.runCounts.observe(timings, rows, leads);
  }

  #answered(worker: WorkerHandle): void {
    this.#deaths = 0;
    if (this.#line.length > 0 && this.#isFree(worker)) this.#dispatch();
  }

  #aborted(pending: PendingJob): void {
    if (!this.#line.remove(pending)) pending.holder?.abort(pending);
  }

  #died(worker: WorkerHandle, { reason, stack, hadJobs }: WorkerDeath): void {
    if (this.#disposed || this.#info === undefined) return;
    this.#workers.delete(worker);
    this.#deaths = hadJobs ? 0 : this.#deaths + 1;
    const fields = { model: this.#options.boot.source.name, stack };
    if (this.#deaths < MOST_DEATHS) {
      this.#options.log("error", `a worker died and is replaced: ${reason}`, fields);
      this.#replace();
      return;
    }
    this.#options.log(
      "error",
      `a worker died and is not replaced, as ${this.#deaths} died in a row: ${reason}`,
      fields,
    );
    if (this.#workers.size > 0) return;
    this.#notReadyReason = `Its workers died ${this.#deaths} times in a row: ${reason}`;
    this.#line.rejectAll(modelNotReady(this.#options.boot.source.name, this.#notReadyReason));
  }

  #replace(): void {
    const worker = this.#newWorker();
    this.#workers.add(worker);
    worker.booted.then(
      () => this.#dispatch(),
      // One whose load threw lives on without a model; its end counts as a death.
      () => void worker.dispose(),
    );
  }

  async userMetrics(): Promise<readonly unknown[]> {
    const all = await Promise.all([...this.#workers].map((worker) => worker.metrics()));
    return all.filter((metrics) => metrics !== undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#notReadyReason = "It has been unloaded.";
    this.#departure?.[Symbol.dispose]();
    this.#line.rejectAll(shuttingDown());
    await Promise.all([...this.#workers].map((worker) => worker.dispose()));
  }
}

function verdictOf({ batching, noBatchingReason }: ModelInfo): BatchVerdict {
  return batching === undefined ? { reason: noBatchingReason ?? "" } : { policy: batching };
}

function shuttingDown(): KtsError {
  return new KtsError("KTS_SHUTTING_DOWN", "the server is shutting down");
}
