import { KtsError } from "../../contract/errors.ts";
import type { PendingJob } from "./pending-job.ts";

/** A longer wait is no use to a client, and the estimate is rough. */
const MOST_RETRY_SECONDS = 60;

/** Weight of the newest time in the moving average. */
const NEWEST = 0.2;

/** The requests that wait for a worker, first come first served, and an estimate of how long one takes. */
export class WaitingLine {
  readonly #jobs = new Set<PendingJob>();
  readonly #most: number;
  #rows = 0;
  #jobMs: number | undefined;
  #runMs: number | undefined;

  /** @param most how many may wait */
  constructor(most: number) {
    this.#most = most;
  }

  get length(): number {
    return this.#jobs.size;
  }

  /** Instances of all that wait. */
  get rows(): number {
    return this.#rows;
  }

  /** Those that wait, first come first. */
  get jobs(): Iterable<PendingJob> {
    return this.#jobs;
  }

  /** Milliseconds a request takes in a worker: a moving average. Undefined before the first. */
  get jobMs(): number | undefined {
    return this.#jobMs;
  }

  /** Milliseconds a run takes, however many requests share it: a moving average. 0 before the first. */
  get runMs(): number {
    return this.#runMs ?? 0;
  }

  /**
   * Takes a request's time in a worker into the averages.
   * @param ms its own share
   * @param runMs the time of the run that it had a share of
   */
  observe(ms: number, runMs: number = ms): void {
    this.#jobMs = averaged(this.#jobMs, ms);
    this.#runMs = averaged(this.#runMs, runMs);
  }

  /**
   * Checks that there is room for one more.
   * @param free requests that could start now, and so do not really wait
   * @param lanes workers, for the time after which a client may try again
   * @throws KtsError KTS_QUEUE_FULL
   */
  requireRoom(free: number, lanes: number): void {
    if (this.#jobs.size < this.#most + free) return;
    const waitMs = ((this.#jobs.size + 1) * (this.#jobMs ?? 0)) / Math.max(1, lanes);
    throw new KtsError("KTS_QUEUE_FULL", `the queue is full: ${this.#jobs.size} requests wait already`, {
      retryAfterSeconds: Math.min(MOST_RETRY_SECONDS, Math.max(1, Math.ceil(waitMs / 1000))),
    });
  }

  add(pending: PendingJob): void {
    this.#jobs.add(pending);
    this.#rows += pending.rows;
  }

  /** Whether it was waiting. */
  remove(pending: PendingJob): boolean {
    const waited = this.#jobs.delete(pending);
    if (waited) this.#rows -= pending.rows;
    return waited;
  }

  /** Takes the first `count` out. */
  take(count: number): PendingJob[] {
    return this.takeRows(Infinity, count);
  }

  /**
   * Takes the first out, as many as have so many instances together, but at least one.
   * @param rows most instances
   * @param count most requests
   */
  takeRows(rows: number, count: number): PendingJob[] {
    const taken: PendingJob[] = [];
    let left = rows;
    for (const pending of this.#jobs) {
      left -= pending.rows;
      if (taken.length >= count || (left < 0 && taken.length > 0)) break;
      taken.push(pending);
      this.#jobs.delete(pending);
      this.#rows -= pending.rows;
    }
    return taken;
  }

  /** Fails all that wait. */
  rejectAll(error: unknown): void {
    for (const pending of this.take(this.#jobs.size)) pending.reject(error);
  }
}

function averaged(average: number | undefined, newest: number): number {
  return average === undefined ? newest : average + (newest - average) * NEWEST;
}
