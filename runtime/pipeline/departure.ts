import type { BatchPolicy } from "./executor.ts";
import type { PendingJob } from "./pending-job.ts";
import type { WaitingLine } from "./waiting-line.ts";

/** A run may take longer than the average one: so much of it is kept free before a deadline. */
const RUNS_KEPT_FREE = 2;

/** Says when those that wait for others have waited long enough. */
export class Departure implements Disposable {
  readonly #policy: BatchPolicy;
  readonly #line: WaitingLine;
  readonly #depart: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param depart called once those that wait may leave */
  constructor(policy: BatchPolicy, line: WaitingLine, depart: () => void) {
    this.#policy = policy;
    this.#line = line;
    this.#depart = depart;
  }

  /**
   * Whether those that wait may leave now: a batch is full, or one of them may not wait longer. If not, `depart` will
   * be called when they may.
   */
  mayLeave(): boolean {
    const { maxBatchSize, maxDelayMs } = this.#policy;
    if (maxDelayMs === 0 || this.#line.rows >= maxBatchSize) return true;
    let leaveAt = Infinity;
    for (const pending of this.#line.jobs) leaveAt = Math.min(leaveAt, this.#latest(pending));
    const waitMs = leaveAt - performance.now();
    if (waitMs <= 0) return true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#depart, Math.ceil(waitMs));
    return false;
  }

  /** The latest moment to leave. */
  #latest({ cameAt, job }: PendingJob): number {
    const delayed = cameAt + this.#policy.maxDelayMs;
    if (job.deadlineAt === undefined) return delayed;
    return Math.min(delayed, job.deadlineAt - RUNS_KEPT_FREE * this.#line.runMs);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
