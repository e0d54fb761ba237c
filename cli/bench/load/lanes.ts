import type { Done, Lane, LoadRequest } from "./lane.ts";

/** A request that is on its way or waits for a lane. */
interface Job<Request extends LoadRequest> {
  readonly request: Request;
  readonly done: Done;
  /** When it was due, by `performance.now()`: its time runs from then. */
  readonly dueMs: number;
}

const LOOK_EVERY_MS = 50;

/**
 * So many lanes at most, opened as they are needed. A request that finds all of them busy waits, first come first served;
 * the wait is part of its latency.
 */
export class Lanes<Request extends LoadRequest = LoadRequest> implements Disposable {
  readonly #open: () => Lane<Request>;
  readonly #most: number;
  readonly #timeoutMs: number;
  readonly #idle: Lane<Request>[] = [];
  readonly #busy = new Map<Lane<Request>, Job<Request>>();
  readonly #watch: NodeJS.Timeout;
  #waiting: Job<Request>[] = [];
  #firstWaiting = 0;
  #count = 0;
  #waited = 0;

  /**
   * @param open makes a lane
   * @param most lanes
   * @param timeoutMs milliseconds from when a request was due until it is given up
   */
  constructor(open: () => Lane<Request>, most: number, timeoutMs: number) {
    this.#open = open;
    this.#most = most;
    this.#timeoutMs = timeoutMs;
    this.#watch = setInterval(() => this.#expire(), LOOK_EVERY_MS);
  }

  /** Requests that are under way or wait. */
  get pending(): number {
    return this.#busy.size + this.#waiting.length - this.#firstWaiting;
  }

  /** Requests that found all lanes busy, since the start. */
  get waited(): number {
    return this.#waited;
  }

  get most(): number {
    return this.#most;
  }

  /** @param dueMs when it is due, by `performance.now()` */
  send(request: Request, dueMs: number, done: Done): void {
    const job = { request, dueMs, done };
    const lane = this.#idle.pop() ?? this.#openAnother();
    if (lane !== undefined) return this.#start(lane, job);
    this.#waited++;
    this.#waiting.push(job);
  }

  /** Gives up all that is under way or waits: each is told so. */
  abandon(kind: string): void {
    const waiting = this.#waiting.slice(this.#firstWaiting);
    this.#waiting = [];
    this.#firstWaiting = 0;
    for (const lane of [...this.#busy.keys()]) lane.abandon({ kind, message: `${kind}: given up` });
    for (const job of waiting) job.done({ kind, message: `${kind}: never sent, all connections were busy` });
  }

  [Symbol.dispose](): void {
    clearInterval(this.#watch);
    this.#waiting = [];
    this.#firstWaiting = 0;
    for (const lane of [...this.#idle, ...this.#busy.keys()]) lane.close();
    this.#busy.clear();
  }

  #openAnother(): Lane<Request> | undefined {
    if (this.#count >= this.#most) return undefined;
    this.#count++;
    return this.#open();
  }

  #start(lane: Lane<Request>, job: Job<Request>): void {
    this.#busy.set(lane, job);
    lane.send(job.request, (failure) => {
      this.#busy.delete(lane);
      this.#next(lane);
      job.done(failure);
    });
  }

  #next(lane: Lane<Request>): void {
    const job = this.#waiting[this.#firstWaiting];
    if (job === undefined) {
      this.#idle.push(lane);
      return;
    }
    this.#firstWaiting++;
    if (this.#firstWaiting === this.#waiting.length || this.#firstWaiting > 10_000) {
      this.#waiting = this.#waiting.slice(this.#firstWaiting);
      this.#firstWaiting = 0;
    }
    this.#start(lane, job);
  }

  #expire(): void {
    const last = performance.now() - this.#timeoutMs;
    const message = `no answer within ${this.#timeoutMs} ms`;
    const late: Job<Request>[] = [];
    while ((this.#waiting[this.#firstWaiting]?.dueMs ?? Infinity) < last) {
      late.push(this.#waiting[this.#firstWaiting++] as Job<Request>);
    }
    for (const job of late) job.done({ kind: "timeout", message });
    for (const [lane, job] of [...this.#busy])
      if (job.dueMs < last) lane.abandon({ kind: "timeout", message });
  }
}
