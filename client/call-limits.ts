/** The longest a timer can run; a longer one would end at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What a call may take. */
export interface CallTime {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Ends a call when its time is over or its signal aborted, until it is told that the call has ended. */
export class CallLimits {
  readonly #signal: AbortSignal | undefined;
  readonly #end: (reason: unknown) => void;
  readonly #timer: NodeJS.Timeout | undefined;

  /**
   * Starts the clock.
   * @param expire called when the time is over
   * @param end called with the signal's reason when that is aborted
   */
  constructor({ timeoutMs, signal }: CallTime, expire: () => void, end: (reason: unknown) => void) {
    this.#signal = signal;
    this.#end = end;
    if (timeoutMs <= LONGEST_TIMER_MS) this.#timer = setTimeout(expire, timeoutMs);
    signal?.addEventListener("abort", this.#abort);
  }

  /** The call has ended. */
  lift(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#abort);
  }

  readonly #abort = (): void => this.#end(this.#signal?.reason);
}
