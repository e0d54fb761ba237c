import type { ResourceLimits } from "node:worker_threads";
import {
  type ErrorRecord,
  KtsError,
  fromErrorRecord,
  isKtsError,
  toErrorRecord,
} from "../../contract/errors.ts";
import type { Prediction } from "../../contract/inference.ts";
import type { ModelInfo, RunShare, StageTimings } from "../pipeline/executor.ts";
import type { JobHolder, PendingJob } from "../pipeline/pending-job.ts";
import type { LogSink } from "../pipeline/predictor-log.ts";
import type { FromWorker, ToWorker, WorkerBoot } from "./messages.ts";
import { Overruns } from "./overruns.ts";
import { SentJobs } from "./sent-jobs.ts";
import { FlatReader } from "./wire.ts";
import { type StartThread, type WorkerThread, startOwnThread } from "./worker-thread.ts";

/** Times that hardly anybody has to change, but tests do. */
export interface WorkerTuning {
  /** Milliseconds after its abort that a job may go on before its worker is ended. Default 10 s. */
  readonly overrunMs?: number;
  /** Milliseconds that `unload` may take when a worker is disposed of. Default 5 s. */
  readonly unloadMs?: number;
  /** Memory limits of a worker's heap. Default: Node's own, but for the young generation. */
  readonly resourceLimits?: ResourceLimits;
  /** What gives the model its thread. Default: one of its own. */
  readonly startThread?: StartThread;
}

/** Left alone V8 lets what a request leaves behind grow to three times this, and gains no speed by it. */
const YOUNG_GENERATION_MB = 24;

/** A busy worker answers for its metrics late; then its last known ones stand. */
const METRICS_MS = 1000;

/** What a worker says once it is up. */
export type Booted = { readonly info: ModelInfo; readonly concurrency: number } | "inline";

/** What the pool wants to know of its workers. */
export interface WorkerEvents {
  readonly log: LogSink;
  /** A job's answer came: what its stages took, and what run it had a part in. */
  ran(timings: StageTimings, run: RunShare): void;
  /** Jobs came back: there is room. */
  answered(worker: WorkerHandle): void;
  /** The thread is gone, and its jobs have failed. */
  died(worker: WorkerHandle, death: WorkerDeath): void;
}

/** How a worker ended. */
export interface WorkerDeath {
  readonly reason: string;
  readonly stack: string | undefined;
  /** Some jobs were under way, or it was the doing of another model in the same thread: the model is not to blame. */
  readonly hadJobs: boolean;
}

/** A stream's answers have been given one by one. */
const NOTHING_MORE: Prediction = { kind: "array", values: [] };

/** One worker thread, seen from the main thread. */
export class WorkerHandle implements JobHolder {
  /** Resolves when its model is loaded; rejects when it does not load. */
  readonly booted: Promise<Booted>;
  readonly #worker: WorkerThread;
  readonly #events: WorkerEvents;
  readonly #tuning: WorkerTuning;
  readonly #sent: SentJobs;
  readonly #overruns: Overruns;
  readonly #metricsWanted = new Map<number, () => void>();
  readonly #boot = Promise.withResolvers<Booted>();
  readonly #disposed = Promise.withResolvers<void>();
  #concurrency = 0;
  #nextMetricsId = 0;
  #lastError: unknown;
  #lastMetrics: unknown;
  #death: WorkerDeath | undefined;

  constructor(boot: WorkerBoot, events: WorkerEvents, tuning: WorkerTuning) {
    this.#events = events;
    this.#tuning = tuning;
    this.#overruns = new Overruns(tuning.overrunMs ?? 10_000, (id) => this.#overrun(id));
    this.#sent = new SentJobs({
      post: (message, blocks) => this.#post(message, blocks),
      ran: (timings, run) => events.ran(timings, run),
      over: (id) => this.#overruns.forget(id),
    });
    this.booted = this.#boot.promise;
    // Whoever waits for it is told; nobody has to.
    this.booted.catch(() => undefined);
    const limits = { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB, ...tuning.resourceLimits };
    const isBusy = () => this.#sent.size > this.#overruns.size;
    this.#worker = (tuning.startThread ?? startOwnThread)(boot, limits, isBusy);
    this.#worker.on("message", (message: FromWorker) => this.#receive(message));
    this.#worker.on("error", (error: unknown) => (this.#lastError = error));
    this.#worker.on("messageerror", (error: unknown) => this.#kill(error));
    this.#worker.on("exit", (code: number) => this.#exited(code));
  }

  /** Jobs that may be under way at once; 0 until it is up. */
  get concurrency(): number {
    return this.#death === undefined ? this.#concurrency : 0;
  }

  /** How it ended; undefined while it lives. */
  get death(): WorkerDeath | undefined {
    return this.#death;
  }

  /** Jobs it has. */
  get running(): number {
    return this.#sent.size;
  }

  /** Messages of jobs that it has not answered wholly. */
  get messages(): number {
    return this.#sent.messages;
  }

  /** Hands jobs over; their large tensors move. */
  send(jobs: readonly PendingJob[]): void {
    for (const pending of jobs) pending.holder = this;
    this.#sent.send(jobs);
  }

  /** Aborts a job that it has. It counts as busy with it until it says that it has ended. */
  abort(pending: PendingJob): void {
    const id = this.#sent.idOf(pending);
    if (id === undefined) return;
    this.#post({ type: "abort", id, reason: toErrorRecord(pending.abortReason, "KTS_CANCELLED") });
    this.#overruns.watch(id);
  }

  /** The predictor's metrics; the last known ones while the worker is busy. */
  async metrics(): Promise<unknown> {
    if (this.#death !== undefined) return undefined;
    const id = this.#nextMetricsId++;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, METRICS_MS).unref();
      this.#metricsWanted.set(id, () => {
        clearTimeout(timer);
        resolve();
      });
      this.#post({ type: "metrics", id });
    });
    this.#metricsWanted.delete(id);
    return this.#lastMetrics;
  }

  /** Fails the jobs it has, runs the predictor's `unload`, for a bounded time, and ends the thread. */
  async dispose(): Promise<void> {
    this.#sent.rejectAll(() => new KtsError("KTS_SHUTTING_DOWN", "the server is shutting down"));
    if (this.concurrency > 0) {
      this.#post({ type: "dispose" });
      const timer = setTimeout(this.#disposed.resolve, this.#tuning.unloadMs ?? 5000);
      await this.#disposed.promise;
      clearTimeout(timer);
    }
    await this.#worker.terminate();
  }

  #post(message: ToWorker, blocks: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, blocks);
  }

  #receive(message: FromWorker): void {
    if (!(message instanceof Array)) return this.#told(message);
    const [type, hold] = message;
    const reader = new FlatReader(message, 2, hold);
    if (type === "answer") return this.#sent.push(reader);
    if (type === "ran") this.#sent.ran(reader);
    else this.#sent.answer(reader);
    this.#events.answered(this);
  }

  #told(message: Exclude<FromWorker, unknown[]>): void {
    switch (message.type) {
      case "streamed":
        this.#endStream(message.id, message.error, message.timings);
        return;
      case "log":
        this.#events.log(message.level, message.message, message.fields);
        return;
      case "metrics":
        this.#lastMetrics = message.metrics;
        this.#metricsWanted.get(message.id)?.();
        return;
      case "aborting":
        // Its event loop turns: beside others under way this job is slow, not stuck.
        if (this.#concurrency > 1) this.#overruns.forget(message.id);
        return;
      case "ready":
        this.#concurrency = message.concurrency;
        this.#sent.policy = {
          isEngineOnly: message.isEngineOnly,
          maxRunRows: message.takesRuns ? (message.info.batching?.maxBatchSize ?? 0) : 0,
        };
        this.#boot.resolve(message);
        return;
      case "inline":
        this.#boot.resolve("inline");
        return;
      case "failed":
        this.#lastError = fromErrorRecord(message.error);
        this.#boot.reject(this.#lastError);
        return;
      case "disposed":
        this.#disposed.resolve();
    }
  }

  #endStream(id: number, error: ErrorRecord | undefined, timings: StageTimings): void {
    const pending = this.#sent.take(id);
    if (pending === undefined) return;
    const inPredictor = timings.preProcess + timings.predict + timings.postProcess;
    timings.queue = Math.max(0, performance.now() - pending.cameAt - inPredictor);
    if (error === undefined) pending.resolve({ prediction: NOTHING_MORE, timings });
    else pending.reject(fromErrorRecord(error));
    this.#events.answered(this);
  }

  #overrun(id: number): void {
    if (!this.#sent.has(id)) return;
    if (this.#worker.share?.isNeeded === true) return this.#overruns.watch(id);
    this.#kill(new Error("a predict went on long after its abort"));
  }

  #kill(reason: unknown): void {
    this.#lastError = reason;
    const { share } = this.#worker;
    if (share === undefined) void this.#worker.terminate();
    else share.end();
  }

  #exited(code: number): void {
    const reason = this.#reasonOfExit(code);
    const stack = this.#lastError instanceof Error ? this.#lastError.stack : undefined;
    const isBystander = this.#worker.share?.isBystander === true;
    this.#death = { reason, stack, hadJobs: this.#sent.size > 0 || isBystander };
    const died = `the worker died while it had this request: ${reason}`;
    this.#sent.rejectAll(() => new KtsError("KTS_WORKER_DIED", died, { retryAfterSeconds: 1 }));
    for (const resolve of this.#metricsWanted.values()) resolve();
    this.#disposed.resolve();
    this.#boot.reject(
      new KtsError("KTS_WORKER_BOOT_FAILED", `the worker died while it loaded the model: ${reason}`),
    );
    this.#events.died(this, this.#death);
  }

  #reasonOfExit(code: number): string {
    const error = this.#lastError;
    if ((error as { code?: unknown } | undefined)?.code === "ERR_WORKER_OUT_OF_MEMORY") {
      return "it ran out of memory";
    }
    if (error === undefined) return `it exited with code ${code}`;
    if (isKtsError(error)) return error.message;
    return error instanceof Error ? `${error.name}: ${error.message}` : `it threw ${String(error)}`;
  }
}
