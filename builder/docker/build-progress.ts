import { stripVTControlCharacters } from "node:util";
import type { BuildEvent } from "../engine.ts";
import type { EngineMessage } from "./messages.ts";

/** Lines of a failed step that its error shows. */
const LAST_LINES = 20;
const MOST_STEP_CHARS = 100;

const CLASSIC_STEP = /^Step (\d+)\/(\d+) : (.*)$/s;
/** BuildKit, as dockerode puts its messages into words: `[sha256:1f3] [2/5] COPY a /app/`, `CACHED: [2/5] COPY ...`. */
const BUILDKIT_STEP = /^(?:\[sha256:[0-9a-f]*\]|CACHED:) (?:\[(?:\w+ +)?(\d+)\/(\d+)\] )?(.*)$/s;
/** What the classic builder says of itself between the lines of a step. */
const CHATTER =
  /^(?: ---> |Removing intermediate container |Successfully (?:built|tagged) |Sending build context )/;

/** Makes events of the messages of a build, and remembers what a failure has to tell. */
export class BuildProgress {
  readonly #report: (event: BuildEvent) => void;
  readonly #seen = new Set<string>();
  #step = "prepare";
  #lines: string[] = [];
  #pending = "";

  constructor(report: (event: BuildEvent) => void) {
    this.#report = report;
  }

  /** The step that runs: its instruction. */
  get step(): string {
    return this.#step;
  }

  /** The last lines that the step has printed. */
  get lastLines(): readonly string[] {
    const pending = stripVTControlCharacters(this.#pending);
    return pending.trim() === "" ? this.#lines : [...this.#lines, pending];
  }

  /** Takes the next message of the classic builder. */
  take({ stream, status, id, progressDetail }: EngineMessage): void {
    if (stream !== undefined) this.#takeText(stream);
    if (status !== undefined && progressDetail?.current !== undefined) {
      this.#report({
        kind: "transfer",
        step: this.#step,
        what: id === undefined ? status : `${status} ${id}`,
        doneBytes: progressDetail.current,
        totalBytes: progressDetail.total,
      });
    }
  }

  /** Takes a line of BuildKit. */
  takeBuildKit(line: string): void {
    // The failure is told by a message of its own.
    if (line.startsWith("ERROR: ")) return;
    const step = BUILDKIT_STEP.exec(line);
    if (step === null) {
      for (const printed of decodeLog(line).split("\n")) this.#output(printed);
      return;
    }
    const [, index, count, name = ""] = step;
    const isCached = line.startsWith("CACHED:");
    // A step is told again whenever something about it changes.
    if (!this.#seen.has(name)) {
      this.#seen.add(name);
      this.#begin(name, Number(index ?? 0), Number(count ?? 0));
    }
    if (isCached) this.#report({ kind: "unchanged", step: short(name) });
  }

  #takeText(text: string): void {
    const lines = (this.#pending + text).split("\n");
    this.#pending = lines.pop() ?? "";
    // The classic builder paints what came from stderr.
    for (const line of lines.map(stripVTControlCharacters)) {
      const [, index, count, instruction] = CLASSIC_STEP.exec(line) ?? [];
      if (instruction !== undefined) this.#begin(instruction, Number(index), Number(count));
      else if (line === " ---> Using cache") this.#report({ kind: "unchanged", step: this.#step });
      else if (line.trim() !== "" && !CHATTER.test(line)) this.#output(line);
    }
  }

  #begin(instruction: string, index: number, count: number): void {
    this.#step = short(instruction);
    this.#lines = [];
    this.#report({ kind: "step", step: this.#step, index, count });
  }

  #output(line: string): void {
    if (line.trim() === "") return;
    this.#lines = [...this.#lines, line].slice(-LAST_LINES);
    this.#report({ kind: "output", step: this.#step, line });
  }
}

/**
 * dockerode 5.0 gives what a step prints in base64, where it means to give the text. What is no base64 of a text is one.
 */
function decodeLog(line: string): string {
  const bytes = Buffer.from(line, "base64");
  if (bytes.length === 0 || bytes.toString("base64") !== line) return line;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return line;
  }
}

/** A label may hold a whole signature. */
function short(instruction: string): string {
  return instruction.length <= MOST_STEP_CHARS
    ? instruction
    : `${instruction.slice(0, MOST_STEP_CHARS - 3)}...`;
}
