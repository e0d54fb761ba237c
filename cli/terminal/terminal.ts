import type { WriteStream } from "node:tty";
import { stripVTControlCharacters, styleText } from "node:util";
import type { ProgressMode } from "./progress-mode.ts";

/** Where the command line writes. */
export interface Terminal {
  /** Writes a line on stdout: what was asked for. */
  print(line: string): void;
  /** Writes bytes on stdout as they are. */
  write(bytes: Uint8Array): void;
  /**
   * Writes a line on stderr: what went wrong, or must not be missed.
   * @param record what a program reads of it, where it asked for JSON. Default: the line itself
   */
  complain(line: string, record?: Readonly<Record<string, unknown>>): void;
  /** Writes a line on stderr about what is under way; nothing where quiet was asked for. */
  note(line: string): void;
  /**
   * Shows a line on stderr, or several, that stay until the next ones, or a complaint, take their place; undefined takes
   * them away. Nothing happens where `hasStatus` is false.
   */
  status(lines: string | undefined): void;
  /** Whether stderr is drawn anew in place: a person sees it as it is written, or `--progress tty` says so. */
  readonly hasStatus: boolean;
  /** Columns of stdout: COLUMNS, else the terminal's own, else 80; at most 100, as longer lines read badly. */
  readonly width: number;
  /** Whether a person sees stdout, not another program. */
  readonly isInteractive: boolean;
  /** A text for stdout in a style; plain where stdout has no colours, or NO_COLOR says so. */
  style(format: Style, text: string): string;
  /** The same for stderr. */
  styleComplaint(format: Style, text: string): string;
  /**
   * Resolves when all that was written is out, with the reason where stdout lost some of it, such as a full disk.
   * A reader that went away (`| head`) lost nothing that it wanted.
   */
  flush(): Promise<Error | undefined>;
}

/** A style of the command line. */
export type Style = Parameters<typeof styleText>[0];

const MOST_COLUMNS = 100;
const USUAL_COLUMNS = 80;
const LEAST_COLUMNS = 30;
const USUAL_ROWS = 24;

/**
 * The process's own stdout and stderr. What cannot be written does not end it.
 * @param mode how stderr shows what is under way. Default `auto`
 */
export function processTerminal(mode: ProgressMode = "auto"): Terminal {
  const { stdout, stderr, env } = process;
  let lostOutput: Error | undefined;
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") lostOutput ??= error;
  });
  stderr.on("error", () => undefined);
  const colour = (stream: WriteStream) => (format: Style, text: string) =>
    styleText(format, text, { stream });
  const seesStderr = stderr.isTTY === true && env["TERM"] !== "dumb";
  const hasStatus = mode === "tty" || (mode === "auto" && seesStderr);
  const isJson = mode === "json";
  let clear = "";
  const show = (text: string, next: string) => {
    if (clear + text !== "") stderr.write(clear + text);
    clear = next;
  };
  return {
    print: (line) => {
      show("", "");
      stdout.write(`${line}\n`);
    },
    write: (bytes) => void stdout.write(bytes),
    complain: (line, record = { kind: "message", text: line }) =>
      show(isJson ? jsonLine(record) : `${line}\n`, ""),
    note(line) {
      if (mode !== "quiet") show(isJson ? jsonLine({ kind: "progress", text: line }) : `${line}\n`, "");
    },
    status(lines) {
      if (!hasStatus) return;
      // A line that wraps could not be taken away again, nor one that has left the screen.
      const most = (stderr.columns ?? USUAL_COLUMNS) - 1;
      const shown = (lines ?? "").split("\n").slice(0, (stderr.rows ?? USUAL_ROWS) - 1);
      const text = shown.map((line) => cut(line, most)).join("\n");
      show(text, text === "" ? "" : `\r\u001b[2K${"\u001b[1A\u001b[2K".repeat(shown.length - 1)}`);
    },
    hasStatus,
    width: columns(env["COLUMNS"], stdout.columns),
    isInteractive: stdout.isTTY === true,
    style: colour(stdout),
    styleComplaint: isJson ? (_format, text) => text : colour(stderr),
    async flush() {
      await Promise.all([written(stdout), written(stderr)]);
      return lostOutput;
    },
  };
}

function jsonLine(record: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(record)}\n`;
}

/** A line of so many characters at most. Colours take no room, and are not left on. */
function cut(line: string, most: number): string {
  return stripVTControlCharacters(line).length <= most ? line : stripVTControlCharacters(line).slice(0, most);
}

/** @param own the terminal's own count; undefined where there is none */
export function columns(fromEnv: string | undefined, own: number | undefined): number {
  const wanted = /^\d+$/.test(fromEnv ?? "") ? Number(fromEnv) : 0;
  const width = wanted > 0 ? wanted : (own ?? USUAL_COLUMNS);
  return Math.min(MOST_COLUMNS, Math.max(LEAST_COLUMNS, width));
}

function written(stream: NodeJS.WritableStream): Promise<void> {
  // A closed pipe calls back as well.
  return new Promise((resolve) => stream.write("", () => resolve()));
}
