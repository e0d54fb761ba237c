import { KtsError, messageOf } from "../../contract/errors.ts";
import type { JobResult, RunShare, StageTimings } from "../pipeline/executor.ts";
import type { PendingJob } from "../pipeline/pending-job.ts";
import { PendingStream } from "../pipeline/pending-stream.ts";
import { isAboutAll } from "../pipeline/predictor-error.ts";
import { EngineRun, sortIntoRuns } from "./engine-run.ts";
import type { ToWorker } from "./messages.ts";
import { Cargo } from "./transfer.ts";
import { type FlatReader, readPrediction, readResult, writeJob } from "./wire.ts";

/** How jobs are sent to a worker. */
export interface SendPolicy {
  /** Nobody reads what a request has beside its payload. */
  readonly isEngineOnly: boolean;
  /** Most instances of jobs that go as one input; 0: none do. */
  readonly maxRunRows: number;
}

/** What is told of a worker's jobs. */
export interface SentJobsEvents {
  post(message: ToWorker, blocks?: readonly ArrayBuffer[]): void;
  /** A job's answer came: what its stages took, and what run it had a part in. */
  ran(timings: StageTimings, run: RunShare): void;
  /** A job is the worker's no longer. */
  over(id: number): void;
}

/** A job in a worker, and how many of those that were sent with it have no answer yet. */
interface SentJob {
  readonly pending: PendingJob;
  readonly message: { unanswered: number };
}

/** The jobs that one worker has. */
export class SentJobs {
  readonly #events: SentJobsEvents;
  readonly #jobs = new Map<number, SentJob>();
  /** By the id of their first job; the others' follow it. */
  readonly #runs = new Map<number, EngineRun>();
  #policy: SendPolicy = { isEngineOnly: false, maxRunRows: 0 };
  #messages = 0;
  #nextId = 0;

  constructor(events: SentJobsEvents) {
    this.#events = events;
  }

  /** Known from the worker's start on. */
  set policy(policy: SendPolicy) {
    this.#policy = policy;
  }

  get size(): number {
    return this.#jobs.size;
  }

  /** Messages that are not answered wholly. */
  get messages(): number {
    return this.#messages;
  }

  has(id: number): boolean {
    return this.#jobs.has(id);
  }

  /** A job's id; undefined where the worker does not have it. */
  idOf(pending: PendingJob): number | undefined {
    for (const [id, own] of this.#jobs) if (own.pending === pending) return id;
    return undefined;
  }

  /** Hands jobs over, as few messages as can be, streams each as its own; their large tensors move. */
  send(jobs: readonly PendingJob[]): void {
    const { maxRunRows } = this.#policy;
    if (maxRunRows === 0) return this.#sendApart(jobs);
    const { runs, others } = sortIntoRuns(jobs, maxRunRows);
    for (const run of runs) this.#sendRun(run);
    if (others.length > 0) this.#sendApart(others);
  }

  #sendApart(jobs: readonly PendingJob[]): void {
    const single = jobs.filter((pending) => !(pending instanceof PendingStream));
    if (single.length > 0) this.#sendJobs(single);
    if (single.length === jobs.length) return;
    for (const pending of jobs) if (pending instanceof PendingStream) this.#sendStream(pending);
  }

  #sendRun(run: EngineRun): void {
    const ids = this.#enter(run.jobs);
    const [first] = ids as [number];
    this.#runs.set(first, run);
    this.#post(ids, () => {
      const { message, blocks } = run.pack(first);
      this.#events.post(message, blocks);
    });
  }

  #sendJobs(jobs: readonly PendingJob[]): void {
    this.#postJobs("jobs", this.#enter(jobs), jobs);
  }

  #sendStream(pending: PendingStream): void {
    const ids = this.#enter([pending]);
    const [id] = ids as [number];
    pending.grant = (answers) => this.#events.post({ type: "credit", id, answers });
    this.#postJobs("stream", ids, [pending]);
  }

  #postJobs(type: "jobs" | "stream", ids: readonly number[], jobs: readonly PendingJob[]): void {
    this.#post(ids, () => {
      const cargo = new Cargo();
      const message: Extract<ToWorker, unknown[]> = [type, undefined];
      for (let at = 0; at < jobs.length; at++) {
        writeJob(message, ids[at] as number, (jobs[at] as PendingJob).job, cargo, this.#policy.isEngineOnly);
      }
      message[1] = cargo.close();
      this.#events.post(message, cargo.blocks);
    });
  }

  #enter(jobs: readonly PendingJob[]): readonly number[] {
    const message = { unanswered: jobs.length };
    this.#messages++;
    return jobs.map((pending) => {
      const id = this.#nextId++;
      this.#jobs.set(id, { pending, message });
      return id;
    });
  }

  /** What cannot be cloned fails. */
  #post(ids: readonly number[], post: () => void): void {
    try {
      post();
    } catch (error) {
      const reason = `a request could not be handed to a worker: ${messageOf(error)}`;
      for (const id of ids) this.take(id)?.reject(new KtsError("KTS_INTERNAL", reason));
    }
  }

  /** Answers the jobs of a "results" message. */
  answer(reader: FlatReader): void {
    while (!reader.isAtEnd) {
      const pending = this.take(reader.next());
      const result = readResult(reader);
      if (pending === undefined) continue;
      if (result instanceof KtsError) pending.reject(result);
      else this.#resolve(pending, result);
    }
  }

  /** Answers the jobs of a "ran" message. One that is at fault must not fail the others: they are tried alone. */
  ran(reader: FlatReader): void {
    const id = reader.next<number>();
    const run = this.#runs.get(id);
    if (run === undefined) return;
    this.#runs.delete(id);
    const results = run.read(reader);
    const taken = run.jobs.map((_, at) => this.take(id + at));
    for (const [at, pending] of taken.entries()) {
      if (pending === undefined) continue;
      if (!(results instanceof KtsError)) this.#resolve(pending, results[at] as JobResult);
      else if (taken.length === 1 || isAboutAll(results)) pending.reject(results);
      else if (!pending.aborted) this.#sendRun(new EngineRun(pending, pending.rows));
    }
  }

  #resolve(pending: PendingJob, result: JobResult): void {
    const { timings } = result;
    const inPredictor = timings.preProcess + timings.predict + timings.postProcess;
    this.#events.ran(timings, result.run ?? { requests: 1, rows: pending.rows, leads: true });
    // Whatever was not the predictor's own time was waiting: in the queue, for the thread, behind its message.
    timings.queue = Math.max(timings.queue, performance.now() - pending.cameAt - inPredictor);
    pending.resolve(result);
  }

  /** The next answer of a stream. */
  push(reader: FlatReader): void {
    const pending = this.#jobs.get(reader.next())?.pending;
    if (pending instanceof PendingStream) pending.push(readPrediction(reader));
  }

  /** Takes a job out: it is answered, or nobody will answer it. */
  take(id: number): PendingJob | undefined {
    const sent = this.#jobs.get(id);
    if (sent === undefined) return undefined;
    this.#jobs.delete(id);
    if (--sent.message.unanswered === 0) this.#messages--;
    this.#events.over(id);
    return sent.pending;
  }

  /** Fails all, each with an error of its own. */
  rejectAll(error: () => KtsError): void {
    for (const id of [...this.#jobs.keys()]) this.take(id)?.reject(error());
    this.#runs.clear();
  }
}
