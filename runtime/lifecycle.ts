/** Where a server is in its life, in this order. */
export type ServerState = "starting" | "loading" | "warming" | "ready" | "draining" | "stopped";

/** What the rest of the server asks about its life. */
export class Lifecycle {
  #state: ServerState = "starting";
  #closing = false;

  get state(): ServerState {
    return this.#state;
  }

  /** Moves on to a later state; a state that is behind is never gone back to. */
  enter(state: ServerState): void {
    if (ORDER.indexOf(state) > ORDER.indexOf(this.#state)) this.#state = state;
  }

  /** Requests are let in: readiness says so. */
  get ready(): boolean {
    return this.#state === "ready";
  }

  /** No new connections are taken, and each answer is the last of its connection. */
  get closing(): boolean {
    return this.#closing;
  }

  startClosing(): void {
    this.#closing = true;
  }
}

const ORDER: readonly ServerState[] = ["starting", "loading", "warming", "ready", "draining", "stopped"];
