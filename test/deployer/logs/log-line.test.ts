import { describe, expect, it } from "vitest";
import { readTimedLine, splitLines } from "../../../deployer/logs/log-line.ts";

describe("a line with its time in front", () => {
  const time = "2026-11-25T08:45:12.000000120Z";
  it.each([
    ["is its time and its text", `${time} hello  world `, { time, text: "hello  world " }],
    ["is blank where there is a time alone", `${time} `, { time, text: "" }],
    ["is blank where the blank was trimmed as well", time, { time, text: "" }],
    ["keeps a time that the container wrote", `${time} ${time} x`, { time, text: `${time} x` }],
    [
      "keeps the offset of a node's zone",
      "2026-11-25T08:45:12+01:00 x",
      { time: "2026-11-25T08:45:12+01:00", text: "x" },
    ],
    ["is text alone where there is no time", "hello", { text: "hello" }],
  ])("%s", (_name, line, expected) => expect(readTimedLine(line)).toEqual(expected));
});

describe("the lines of a log", () => {
  it.each([
    ["keep blank ones", "a\n\nb\n\n", ["a", "", "b", ""]],
    ["need no line feed at the end", "a\nb", ["a", "b"]],
    ["of nothing are none", "", []],
    ["of a line feed are a blank one", "\n", [""]],
  ])("%s", (_name, log, expected) => expect(splitLines(log)).toEqual(expected));
});
