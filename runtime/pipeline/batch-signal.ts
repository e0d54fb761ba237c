import type { SignalSource } from "./call-context.ts";

/** A request's signal, and whether it has aborted without making one. */
export interface AbortSource extends SignalSource {
  readonly aborted: boolean;
}

/** The signal of a shared run, aborted with the last of its requests. Exists from the moment that somebody reads it. */
export class SharedSignal implements SignalSource, Disposable {
  readonly #members: readonly AbortSource[];
  #controller: AbortController | undefined;

  constructor(members: readonly AbortSource[]) {
    this.#members = members;
  }

  get signal(): AbortSignal {
    if (this.#controller !== undefined) return this.#controller.signal;
    this.#controller = new AbortController();
    for (const { signal } of this.#members) signal.addEventListener("abort", this);
    this.handleEvent();
    return this.#controller.signal;
  }

  handleEvent(): void {
    if (!this.#members.every(({ aborted }) => aborted)) return;
    this.#controller?.abort(this.#members[0]?.signal.reason);
  }

  /** Leaves the requests' signals alone again. */
  [Symbol.dispose](): void {
    if (this.#controller === undefined) return;
    for (const { signal } of this.#members) signal.removeEventListener("abort", this);
  }
}
