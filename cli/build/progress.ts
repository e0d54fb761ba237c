import type { BuildEvent } from "../../builder/index.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { byteText } from "../terminal/byte-text.ts";

/** Shows how far the work is, until it is disposed. */
export interface Progress extends Disposable {
  /** Takes the next event. */
  readonly report: (event: BuildEvent) => void;
  /** The last step is done. */
  finish(): void;
}

/** JSON: an event a line, on stdout. */
export function jsonProgress(terminal: Terminal): Progress {
  return {
    report: (event) => terminal.print(JSON.stringify(event)),
    finish: () => undefined,
    [Symbol.dispose]: () => undefined,
  };
}

/** For people, on stderr: live on a terminal, a line for each step and what it prints otherwise. */
export function textProgress(terminal: Terminal): Progress {
  return terminal.hasStatus ? new LiveProgress(terminal) : new PlainProgress(terminal);
}

class PlainProgress implements Progress {
  readonly #terminal: Terminal;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  readonly report = (event: BuildEvent): void => {
    if (event.kind === "step") this.#terminal.note(`[${event.index}/${event.count}] ${event.step}`);
    if (event.kind === "output") this.#terminal.note(`  ${event.line}`);
    if (event.kind === "unchanged") this.#terminal.note("  unchanged");
  };

  finish(): void {}

  [Symbol.dispose](): void {}
}

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 100;

class LiveProgress implements Progress {
  readonly #terminal: Terminal;
  readonly #timer: NodeJS.Timeout;
  #step: { readonly text: string; readonly startedAt: number } | undefined;
  #detail = "";
  #isUnchanged = false;
  #frame = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#timer = setInterval(() => this.#draw(), FRAME_MS);
  }

  readonly report = (event: BuildEvent): void => {
    if (event.kind === "step") {
      this.finish();
      this.#step = { text: `[${event.index}/${event.count}] ${event.step}`, startedAt: performance.now() };
    } else if (event.kind === "output") this.#detail = event.line;
    else if (event.kind === "transfer") this.#detail = transferText(event);
    else this.#isUnchanged = true;
    this.#draw();
  };

  finish(): void {
    if (this.#step === undefined) return;
    const { text } = this.#step;
    const outcome = this.#isUnchanged ? "unchanged" : this.#seconds;
    const { styleComplaint } = this.#terminal;
    this.#terminal.note(`${styleComplaint("green", "✔")} ${text} ${styleComplaint("dim", outcome)}`);
    this.#step = undefined;
    this.#detail = "";
    this.#isUnchanged = false;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#terminal.status(undefined);
  }

  get #seconds(): string {
    return `${((performance.now() - (this.#step?.startedAt ?? 0)) / 1000).toFixed(1)} s`;
  }

  #draw(): void {
    if (this.#step === undefined) return;
    this.#frame = (this.#frame + 1) % FRAMES.length;
    const detail = this.#detail === "" ? "" : `  ${this.#detail}`;
    this.#terminal.status(`${FRAMES[this.#frame]} ${this.#step.text} ${this.#seconds}${detail}`);
  }
}

function transferText({ what, doneBytes, totalBytes }: Extract<BuildEvent, { kind: "transfer" }>): string {
  const total = totalBytes === undefined ? "" : ` of ${byteText(totalBytes)}`;
  return `${what} ${byteText(doneBytes)}${total}`;
}
