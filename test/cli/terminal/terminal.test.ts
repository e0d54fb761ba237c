import { describe, expect, it } from "vitest";
import { layOut } from "../../../cli/terminal/columns.ts";
import { shellWord } from "../../../cli/terminal/shell-word.ts";
import { columns } from "../../../cli/terminal/terminal.ts";
import { wrap } from "../../../cli/terminal/wrap.ts";

describe("the width of a page", () => {
  it.each([
    ["120", 90, 100],
    ["60", 90, 60],
    [undefined, 90, 90],
    [undefined, undefined, 80],
    ["", 50, 50],
    ["0", 50, 50],
    ["wide", undefined, 80],
    ["5", undefined, 30],
  ])("is for COLUMNS %j and a terminal of %j: %i", (fromEnv, own, width) => {
    expect(columns(fromEnv, own)).toBe(width);
  });
});

describe("wrapping", () => {
  it("breaks at spaces, the indent included in the width", () => {
    expect(wrap("one two three four", 11, 2)).toBe("  one two\n  three\n  four");
  });

  it("fills a line to its last column", () => {
    expect(wrap("one two three", 7)).toBe("one two\nthree");
  });

  it("leaves a word that is too long whole", () => {
    expect(wrap("a https://example.com/long b", 10)).toBe("a\nhttps://example.com/long\nb");
  });
});

describe("columns", () => {
  it("are as wide as their widest cell, and the last one is not padded", () => {
    const rows = [
      ["a", "bbb", "c"],
      ["aaaa", "b", "cc"],
    ];
    expect(layOut(rows, 1)).toEqual([" a     bbb  c", " aaaa  b    cc"]);
  });
});

describe("a word of the shell", () => {
  it.each([
    ["@examples/digits/seven.json", "@examples/digits/seven.json"],
    ["http://127.0.0.1:8080/v1/models/m:predict", "http://127.0.0.1:8080/v1/models/m:predict"],
    ["@my models/a.json", "'@my models/a.json'"],
    ["it's", "'it'\\''s'"],
    ["$HOME", "'$HOME'"],
    ["", "''"],
  ])("%j is %s", (text, word) => {
    expect(shellWord(text)).toBe(word);
  });
});
