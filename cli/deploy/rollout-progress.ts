import type { RolloutView } from "../../deployer/rollout/progress.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { changesBetween, viewLines } from "./view-lines.ts";

/** Shows how a rollout goes on, until it is disposed. */
export interface RolloutProgress extends Disposable {
  /** Something that is under way: `Uploading 3 files`. */
  step(text: string): void;
  /** Takes the next view. */
  view(view: RolloutView): void;
}

/** For people, on stderr: redrawn in place on a terminal, a line for each change otherwise. */
export function rolloutProgress(terminal: Terminal): RolloutProgress {
  return terminal.hasStatus ? new LiveRollout(terminal) : new PlainRollout(terminal);
}

/** Nothing but the result is wanted. */
export const NO_PROGRESS: RolloutProgress = {
  step: () => undefined,
  view: () => undefined,
  [Symbol.dispose]: () => undefined,
};

class PlainRollout implements RolloutProgress {
  readonly #terminal: Terminal;
  #last: RolloutView | undefined;
  #step = "";

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  step(text: string): void {
    // How far a transfer is comes after two spaces, and is for a terminal.
    const [what = ""] = text.split("  ");
    if (what !== this.#step) this.#terminal.note(what);
    this.#step = what;
  }

  view(view: RolloutView): void {
    // What is ready from the beginning has nothing to tell.
    const lines = this.#last === undefined && view.ready ? [] : changesBetween(this.#last, view);
    for (const line of lines) this.#terminal.note(line);
    this.#last = view;
  }

  [Symbol.dispose](): void {}
}

/** How often a clock is redrawn. */
const FRAME_MS = 250;

class LiveRollout implements RolloutProgress {
  readonly #terminal: Terminal;
  readonly #startedAt = performance.now();
  readonly #timer: NodeJS.Timeout;
  #step = "";
  #view: RolloutView | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#timer = setInterval(() => this.#draw(), FRAME_MS);
  }

  step(text: string): void {
    this.#step = text;
    this.#view = undefined;
    this.#draw();
  }

  view(view: RolloutView): void {
    this.#view = view;
    this.#draw();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#terminal.status(undefined);
  }

  #draw(): void {
    const seconds = `${((performance.now() - this.#startedAt) / 1000).toFixed(1)} s`;
    const lines =
      this.#view === undefined
        ? [`${this.#step}  ${seconds}`]
        : viewLines(this.#view, seconds, this.#terminal.styleComplaint);
    if (lines.join("").trim() !== seconds) this.#terminal.status(lines.join("\n"));
  }
}
