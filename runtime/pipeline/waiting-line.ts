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
  #jobMs: number | undefined;

  /** @param most how many may wait */
  constructor(most: number) {
    this.#most = most;
  }

  get length(): number {
    return this.#jobs.size;
  }

  /** Milliseconds a request takes in a worker: a moving average. Undefined before the first. */
  get jobMs(): number | undefined {
    return this.#jobMs;
  }

  /** Takes a request's time in a worker into the average. */
  observe(ms: number): void {
    this.#jobMs = this.#jobMs === undefined ? ms : this.#jobMs + (ms - this.#jobMs) * NEWEST;
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
  }

  /** Whether it was waiting. */
  remove(pending: PendingJob): boolean {
    return this.#jobs.delete(pending);
  }

  /** Takes the first `count` out. */
  take(count: number): PendingJob[] {
    const taken: PendingJob[] = [];
    for (const pending of this.#jobs) {
      if (taken.length >= count) break;
      taken.push(pending);
      this.#jobs.delete(pending);
    }
    return taken;
  }

  /** Fails all that wait. */
  rejectAll(error: unknown): void {
    for (const pending of this.take(this.#jobs.size)) pending.reject(error);
  }
}
