import type { KtsError } from "../../contract/errors.ts";
import type { Job, JobResult } from "./executor.ts";
import { rowsOf } from "./rows.ts";

/** Who has a request: a worker, which has to be told of its abort. */
export interface JobHolder {
  abort(pending: PendingJob): void;
}

/** A request between `run` and its answer. An abort of its signal rejects it at once. */
export class PendingJob {
  readonly job: Job;
  readonly promise: Promise<JobResult>;
  /** When it came, by `performance.now`. */
  readonly cameAt = performance.now();
  readonly signal: AbortSignal;
  /** Instances it has. */
  readonly rows: number;
  /** Undefined while it waits. */
  holder: JobHolder | undefined;
  #cancelled: KtsError | undefined;
  readonly #onAbort: (pending: PendingJob) => void;
  #resolve!: (result: JobResult) => void;
  #reject!: (reason: unknown) => void;

  /** @param onAbort called after the promise was rejected with the signal's reason */
  constructor(job: Job, signal: AbortSignal, onAbort: (pending: PendingJob) => void) {
    this.job = job;
    this.signal = signal;
    this.rows = rowsOf(job.payload);
    this.#onAbort = onAbort;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // The object itself as the listener: one allocation less a request than a closure.
    signal.addEventListener("abort", this, { once: true });
  }

  get aborted(): boolean {
    return this.#cancelled !== undefined || this.signal.aborted;
  }

  /** Why it was aborted; undefined while it was not. */
  get abortReason(): unknown {
    return this.#cancelled ?? this.signal.reason;
  }

  handleEvent(): void {
    this.#reject(this.signal.reason);
    this.#onAbort(this);
  }

  /** Aborts it, whatever its signal says. */
  cancel(reason: KtsError): void {
    this.#cancelled = reason;
    this.signal.removeEventListener("abort", this);
    this.#reject(reason);
    this.#onAbort(this);
  }

  /** Answers. After an abort it has no effect. */
  resolve(result: JobResult): void {
    this.signal.removeEventListener("abort", this);
    this.#resolve(result);
  }

  /** Fails. After an abort it has no effect. */
  reject(error: unknown): void {
    this.signal.removeEventListener("abort", this);
    this.#reject(error);
  }
}
