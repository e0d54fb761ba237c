/** Something that has until a moment to end. The links are the queue's own. */
export interface Timed {
  /** When, by `performance.now()`. */
  deadlineAt: number;
  previous: Timed | undefined;
  next: Timed | undefined;
  /** Called once the moment has passed. */
  expire(): void;
}

/**
 * The deadlines of requests that all have the same time to take, so the one that came first ends first. A timer for
 * each request would cost as much as the rest of a small request; here one timer follows the head of a list.
 */
export class Deadlines implements Disposable {
  readonly #timeoutMs: number;
  #head: Timed | undefined;
  #tail: Timed | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Milliseconds each has. */
  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  add(timed: Timed, now: number): void {
    timed.deadlineAt = now + this.#timeoutMs;
    timed.previous = this.#tail;
    timed.next = undefined;
    if (this.#tail === undefined) this.#head = timed;
    else this.#tail.next = timed;
    this.#tail = timed;
    if (this.#timer === undefined) this.#arm(this.#timeoutMs);
  }

  /** Takes one out that ended in time, or has expired. Doing so twice does no harm. */
  remove(timed: Timed): void {
    const { previous, next } = timed;
    if (previous === undefined && next === undefined && this.#head !== timed) return;
    if (previous === undefined) this.#head = next;
    else previous.next = next;
    if (next === undefined) this.#tail = previous;
    else next.previous = previous;
    timed.previous = undefined;
    timed.next = undefined;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #arm(delayMs: number): void {
    this.#timer = setTimeout(() => this.#expireDue(), delayMs);
    this.#timer.unref();
  }

  #expireDue(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (let head = this.#head; head !== undefined && head.deadlineAt <= now; head = this.#head) {
      this.remove(head);
      head.expire();
    }
    if (this.#head !== undefined) this.#arm(Math.max(1, Math.ceil(this.#head.deadlineAt - now)));
  }
}
