import { KtsError } from "../../contract/errors.ts";

/**
 * The memory that messages may take which are on their way, over all connections: flow control alone would let each
 * connection fill as much as its streams may have.
 */
export class ByteBudget {
  readonly #mostBytes: number;
  #used = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** Bytes taken and not given back. */
  get used(): number {
    return this.#used;
  }

  /** @throws KtsError KTS_QUEUE_FULL when there are not so many left; one message always fits */
  take(bytes: number): void {
    if (this.#used > 0 && this.#used + bytes > this.#mostBytes) {
      throw new KtsError(
        "KTS_QUEUE_FULL",
        `The requests that are being answered take ${this.#used} bytes of memory, the limit is ${this.#mostBytes}.`,
        { retryAfterSeconds: 1 },
      );
    }
    this.#used += bytes;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }
}
