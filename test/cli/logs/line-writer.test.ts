import { stripVTControlCharacters, styleText } from "node:util";
import { describe, expect, it } from "vitest";
import { type LineWriter, jsonWriter, textWriter } from "../../../cli/logs/line-writer.ts";
import type { Terminal } from "../../../cli/terminal/terminal.ts";
import type { LogLine } from "../../../deployer/logs/log-line.ts";

/** What a writer writes, on a terminal with colours. */
function written(writer: (terminal: Terminal) => LineWriter, lines: readonly Partial<LogLine>[]) {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const write = writer({
    print: (line: string) => stdout.push(line),
    complain: (line: string) => stderr.push(line),
    style: (format: Parameters<typeof styleText>[0], text: string) =>
      styleText(format, text, { validateStream: false }),
  } as unknown as Terminal);
  for (const line of lines) write({ ...LINE, ...line });
  return { stdout, stderr };
}

const LINE: LogLine = {
  kind: "line",
  pod: "digits-predictor-abc-1",
  component: "predictor",
  container: "kserve-container",
  isPrevious: false,
  time: "2026-11-25T08:45:12Z",
  text: "ready",
};
const text = (terminal: Terminal) => textWriter("digits", false, terminal);

describe("lines for people", () => {
  it("are behind their pod, without the service's name, and their container where that is no server", () => {
    const { stdout } = written(text, [{}, { container: "storage-initializer", text: "copied" }]);
    expect(stdout.map(stripVTControlCharacters)).toEqual([
      "[predictor-abc-1] ready",
      "[predictor-abc-1 storage-initializer] copied",
    ]);
  });

  it("have a colour that is their pod's, in every run", () => {
    const lines = [{}, { pod: "digits-predictor-abc-2" }, {}];
    const first = written(text, lines).stdout;
    expect(written(text, lines).stdout).toEqual(first);
    expect(first[0]).toBe(first[2]);
    const colourOf = (line: string | undefined) => line?.split("[predictor")[0];
    expect(colourOf(first[0])).not.toBe("");
    expect(colourOf(first[0])).not.toBe(colourOf(first[1]));
  });

  it("keep blank lines, and have times where they are wanted", () => {
    const { stdout } = written((terminal) => textWriter("digits", true, terminal), [{ text: "" }, {}]);
    expect(stdout.map(stripVTControlCharacters)).toEqual([
      "[predictor-abc-1] 2026-11-25T08:45:12Z",
      "[predictor-abc-1] 2026-11-25T08:45:12Z ready",
    ]);
  });

  it("have a heading among them where a restart was, and what is no line goes to stderr", () => {
    const { stdout, stderr } = written(text, [
      { kind: "heading", text: "previous run: exit code 1 (Error)" },
      { kind: "note", text: "it waits: CrashLoopBackOff" },
      { kind: "note", pod: "", component: "", container: "", text: "digits has no pods" },
    ]);
    expect(stdout.map(stripVTControlCharacters)).toEqual([
      "[predictor-abc-1] --- previous run: exit code 1 (Error) ---",
    ]);
    expect(stderr).toEqual([
      "digits-predictor-abc-1 kserve-container: it waits: CrashLoopBackOff",
      "digits has no pods",
    ]);
  });
});

describe("lines for programs", () => {
  it("are objects, and nothing else is on stdout", () => {
    const { stdout, stderr } = written(jsonWriter, [
      { kind: "heading", isPrevious: true },
      { isPrevious: true, text: "old" },
      { kind: "note", text: "it waits" },
    ]);
    expect(stdout.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        pod: "digits-predictor-abc-1",
        component: "predictor",
        container: "kserve-container",
        previous: true,
        time: "2026-11-25T08:45:12Z",
        text: "old",
      },
    ]);
    expect(stderr).toEqual(["digits-predictor-abc-1 kserve-container: it waits"]);
  });
});
