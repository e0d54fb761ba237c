import type { MessagePort } from "node:worker_threads";
import {
  type ErrorRecord,
  KtsError,
  fromErrorRecord,
  messageOf,
  toErrorRecord,
} from "../../contract/errors.ts";
import { Batcher, type BatchEntry, type Outcome } from "../pipeline/batcher.ts";
import type { JobResult } from "../pipeline/executor.ts";
import type { PredictorRunner } from "../pipeline/runner.ts";
import { freeBlocks, largeBlocks, shareBlock } from "../pipeline/tensor-memory.ts";
import type { FromWorker } from "./messages.ts";
import { Cargo, type MayMove, isWorthMoving } from "./transfer.ts";
import { type FlatReader, ReceivedJob, writeError, writeResult } from "./wire.ts";

/** A job that took longer is answered at once; the others of its message share an answer. */
const GROUP_MS = 1;

/**
 * Runs of an engine that start together: each ends within one turn of the event loop, so several share the turn's
 * cost. No code of the predictor's runs between them.
 */
const ENGINE_LANES = 4;

/** Runs a worker's jobs in order, as many at once as the predictor's `concurrency` allows. */
export class JobLoop {
  readonly #runner: PredictorRunner;
  readonly #port: MessagePort;
  readonly #most: number;
  /** Undefined where requests do not share runs. */
  readonly #batcher: Batcher<WorkerJob> | undefined;
  readonly #waiting: WorkerJob[] = [];
  readonly #jobs = new Map<number, WorkerJob>();
  #ended: EndedJob[] = [];
  #flushTimer: NodeJS.Timeout | undefined;
  #lanes = 0;

  constructor(runner: PredictorRunner, port: MessagePort) {
    this.#runner = runner;
    this.#port = port;
    this.#most = runner.concurrency ?? (runner.isEngineOnly ? ENGINE_LANES : 1);
    const { batching } = runner.info;
    if (batching === undefined) return;
    this.#batcher = new Batcher(runner, batching, () => this.#most, {
      ended: (entry, outcome) => this.#endedShared(entry, outcome),
      ran: (startedAt) => this.#ran(startedAt),
    });
  }

  /** Takes the jobs of a message. */
  add(reader: FlatReader): void {
    if (reader.hold !== undefined) shareBlock(reader.hold);
    const entries: WorkerJob[] = [];
    while (!reader.isAtEnd) {
      const entry = new WorkerJob(new ReceivedJob(reader));
      this.#jobs.set(entry.job.id, entry);
      entries.push(entry);
    }
    if (this.#batcher !== undefined) return this.#batcher.add(entries);
    this.#waiting.push(...entries);
    this.#startLanes();
  }

  /** Aborts a job's signal; one that has not begun never will. */
  abort(id: number, reason: ErrorRecord): void {
    this.#jobs.get(id)?.abort(fromErrorRecord(reason));
  }

  /** A predictor that answers without a promise is answered for within this very turn. */
  #startLanes(): void {
    while (this.#lanes < this.#most) {
      const entry = this.#waiting.shift();
      if (entry === undefined) return;
      const startedAt = performance.now();
      const outcome = this.#start(entry);
      if (!(outcome instanceof Promise)) {
        this.#endedAlone(entry, startedAt, outcome);
        continue;
      }
      this.#lanes++;
      void outcome.then((ended) => {
        this.#lanes--;
        this.#endedAlone(entry, startedAt, ended);
        this.#startLanes();
      });
    }
  }

  /** The promise does not reject. */
  #start(entry: WorkerJob): EndedJob | Promise<EndedJob> {
    const { job } = entry;
    const failed = (error: unknown): EndedJob => ({
      job,
      error: toErrorRecord(error, "KTS_PREDICTOR_FAILED"),
    });
    if (entry.aborted) return failed(entry.signal.reason);
    try {
      const outcome = this.#runner.run(job, entry);
      if (!(outcome instanceof Promise)) return { job, result: outcome };
      return outcome.then((result) => ({ job, result }), failed);
    } catch (error) {
      return failed(error);
    }
  }

  #endedAlone(entry: WorkerJob, startedAt: number, ended: EndedJob): void {
    if ("result" in ended) ended.result.timings.queue = startedAt - entry.cameAt;
    this.#jobs.delete(entry.job.id);
    this.#ended.push(ended);
    this.#ran(startedAt);
  }

  #ran(startedAt: number): void {
    if (this.#jobs.size === 0 || performance.now() - startedAt > GROUP_MS) this.#flush();
    // One that waits for something else must not hold this one's answer back.
    else this.#flushTimer ??= setTimeout(() => this.#flush(), GROUP_MS);
  }

  #endedShared(entry: WorkerJob, outcome: Outcome): void {
    const { job } = entry;
    this.#jobs.delete(job.id);
    if ("error" in outcome) {
      this.#ended.push({ job, error: toErrorRecord(outcome.error, "KTS_PREDICTOR_FAILED") });
      return;
    }
    const { timings } = outcome.result;
    const inPredictor = timings.preProcess + timings.predict + timings.postProcess;
    timings.queue = Math.max(0, performance.now() - entry.cameAt - inPredictor);
    this.#ended.push({ job, result: outcome.result });
  }

  /** Sends what has ended as one message, then frees its requests' memory: nothing is read from it any more. */
  #flush(): void {
    if (this.#flushTimer !== undefined) clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    const ended = this.#ended;
    if (ended.length === 0) return;
    this.#ended = [];
    try {
      this.#post(ended);
    } catch {
      for (const one of ended) this.#postAlone(one);
    }
    for (const { job } of ended) freeBlocks(largeBlocks(job.payload));
  }

  #post(ended: readonly EndedJob[]): void {
    const cargo = new Cargo();
    const message: FromWorker = ["results", undefined];
    for (const one of ended) this.#write(message, one, cargo);
    message[1] = cargo.close();
    this.#port.postMessage(message, cargo.blocks);
  }

  #write(message: unknown[], ended: EndedJob, cargo: Cargo): void {
    const { job } = ended;
    if ("error" in ended) return writeError(message, job.id, ended.error);
    const inputs = largeBlocks(job.payload);
    const isNew = (this.#runner.answersAreNew && job.verb === "predict") || this.#isCopy(ended.result);
    const mayMove: MayMove = (block, viewBytes) =>
      (isNew || inputs.has(block)) && isWorthMoving(block, viewBytes);
    writeResult(message, job.id, ended.result, cargo, mayMove);
  }

  /** What several requests shared was split into copies, which no postProcess had a chance to keep. */
  #isCopy({ run, prediction }: JobResult): boolean {
    if (run === undefined || run.requests === 1 || this.#runner.finishesItself) return false;
    return prediction.kind === "tensors" && prediction.tensors.every(({ datatype }) => datatype !== "BYTES");
  }

  /** One answer that cannot be cloned (it holds a function, say) fails alone. */
  #postAlone(ended: EndedJob): void {
    try {
      this.#post([ended]);
    } catch (error) {
      const failed = new KtsError("KTS_BAD_PREDICTION", `the answer is not plain data: ${messageOf(error)}`);
      this.#post([{ job: ended.job, error: toErrorRecord(failed, "KTS_BAD_PREDICTION") }]);
    }
  }
}

type EndedJob = { readonly job: ReceivedJob } & (
  { readonly result: JobResult } | { readonly error: ErrorRecord }
);

/** A job in this worker. Its signal exists from the moment that somebody looks at it. */
class WorkerJob implements BatchEntry {
  readonly job: ReceivedJob;
  readonly cameAt = performance.now();
  #controller: AbortController | undefined;

  constructor(job: ReceivedJob) {
    this.job = job;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  get aborted(): boolean {
    return this.#controller?.signal.aborted === true;
  }

  abort(reason: unknown): void {
    this.#controller ??= new AbortController();
    this.#controller.abort(reason);
  }
}
