/** Jobs that were aborted but go on, by their ids, each with the time it is still given. */
export class Overruns {
  readonly #timers = new Map<number, NodeJS.Timeout>();
  readonly #overrunMs: number;
  readonly #onOverrun: (id: number) => void;

  /** @param onOverrun called with a job whose time is over */
  constructor(overrunMs: number, onOverrun: (id: number) => void) {
    this.#overrunMs = overrunMs;
    this.#onOverrun = onOverrun;
  }

  get size(): number {
    return this.#timers.size;
  }

  watch(id: number): void {
    const timer = setTimeout(this.#onOverrun, this.#overrunMs, id);
    this.#timers.set(id, timer.unref());
  }

  forget(id: number): void {
    if (this.#timers.size === 0) return;
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }
}
