/** Values that wait for a slow reader before those who write are held back. */
const MOST_WAITING = 1000;

/** Hands values of several writers to one reader, in the order they come, and holds the writers to its pace. */
export class Channel<T> {
  readonly #values: T[] = [];
  #isClosed = false;
  #failure: { readonly error: unknown } | undefined;
  #changed = Promise.withResolvers<void>();

  /** Hands a value on; resolves when there is room for another. After the end it is dropped. */
  async push(value: T): Promise<void> {
    if (this.#isClosed) return;
    this.#values.push(value);
    this.#wake();
    while (this.#values.length >= MOST_WAITING && !this.#isClosed) await this.#changed.promise;
  }

  /** Ends the reader's loop, once it has what was handed on before. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  /** Ends the reader's loop with an error; the first counts. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.close();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const values = this.#values.splice(0);
      if (values.length > 0) this.#wake();
      for (const value of values) yield value;
      if (this.#values.length > 0) continue;
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#isClosed) return;
      await this.#changed.promise;
    }
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
