/*
 * Node 22 has `Symbol.asyncDispose` and not yet the stack of what is to be disposed of. The command line runs there too,
 * so that it brings its own: what of the stack the command line uses, as ECMAScript says it.
 */

type Disposable = AsyncDisposable | globalThis.Disposable | null | undefined;

/** ECMAScript's AsyncDisposableStack, without `adopt` and `disposed`. */
export class OwnAsyncDisposableStack implements AsyncDisposable {
  #steps: (() => unknown)[] = [];

  use<T extends Disposable>(value: T): T {
    if (value === null || value === undefined) return value;
    this.#steps.push(() =>
      Symbol.asyncDispose in value ? value[Symbol.asyncDispose]() : value[Symbol.dispose](),
    );
    return value;
  }

  defer(step: () => unknown): void {
    this.#steps.push(step);
  }

  move(): OwnAsyncDisposableStack {
    const moved = new OwnAsyncDisposableStack();
    moved.#steps = this.#steps;
    this.#steps = [];
    return moved;
  }

  /** The last comes first. Each step is taken, whatever the others do; the first that fails is what it throws. */
  async disposeAsync(): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.disposeAsync();
  }
}

/** Gives this process one, where Node has none. A call, as bundlers may leave out an import that nothing is taken of. */
export function provideAsyncDisposableStack(): void {
  Object.assign(globalThis, {
    AsyncDisposableStack: globalThis.AsyncDisposableStack ?? OwnAsyncDisposableStack,
  });
}
