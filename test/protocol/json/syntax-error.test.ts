import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { explainSyntaxError } from "../../../protocol/json/syntax-error.ts";

/** Where V8 says that a text is broken; undefined where it does not say. */
function placeByV8(text: string): number | undefined {
  try {
    JSON.parse(text);
  } catch (error) {
    const place = / at position (\d+)/.exec((error as Error).message)?.[1];
    if (place !== undefined) return Number(place);
    return /Unexpected end of JSON input/.test((error as Error).message) ? text.length : undefined;
  }
  throw new Error(`${text} is JSON`);
}

const placeByUs = (text: string) => Number(/\(char (\d+)\)$/.exec(explainSyntaxError(text))?.[1]);

/** Broken texts, with what we say of each. */
const BROKEN: readonly (readonly [string, string])[] = [
  ["", "the body is empty, expected JSON: line 1 column 1 (char 0)"],
  [" ", "expected a value, but the text ends: line 1 column 2 (char 1)"],
  ["x", 'expected a value, got "x": line 1 column 1 (char 0)'],
  ["{", "expected a key in double quotes, but the text ends: line 1 column 2 (char 1)"],
  ["[", "expected a value, but the text ends: line 1 column 2 (char 1)"],
  ["[1", 'expected "," or "]", but the text ends: line 1 column 3 (char 2)'],
  ["[1 2]", 'expected "," or "]", got "2": line 1 column 4 (char 3)'],
  ["[1,]", 'expected a value, got "]": line 1 column 4 (char 3)'],
  ["[,1]", 'expected a value, got ",": line 1 column 2 (char 1)'],
  ["[1}", 'expected "," or "]", got "}": line 1 column 3 (char 2)'],
  ["[1]]", 'expected the end of the text, got "]": line 1 column 4 (char 3)'],
  ["{} x", 'expected the end of the text, got "x": line 1 column 4 (char 3)'],
  ["{a:1}", 'expected a key in double quotes, got "a": line 1 column 2 (char 1)'],
  ["{'a':1}", `expected a key in double quotes, got "'": line 1 column 2 (char 1)`],
  ["{1:1}", 'expected a key in double quotes, got "1": line 1 column 2 (char 1)'],
  ['{"a"}', 'expected ":", got "}": line 1 column 5 (char 4)'],
  ['{"a":}', 'expected a value, got "}": line 1 column 6 (char 5)'],
  ['{"a":1,}', 'expected a key in double quotes, got "}": line 1 column 8 (char 7)'],
  ['{"a":1 "b":2}', 'expected "," or "}", got "\\"": line 1 column 8 (char 7)'],
  ['{"a":1]', 'expected "," or "}", got "]": line 1 column 7 (char 6)'],
  ['{"a":[{"b":[1,{"c":tru}]}]}', 'expected a value, got "t": line 1 column 20 (char 19)'],
  ['"abc', "expected the string to go on, but the text ends: line 1 column 5 (char 4)"],
  ['"a\nb"', 'expected the string to go on, got "\\n": line 1 column 3 (char 2)'],
  ['"a\u0000b"', 'expected the string to go on, got "\\u0000": line 1 column 3 (char 2)'],
  ['["a\\', "expected an escape, but the text ends: line 1 column 5 (char 4)"],
  ['["a\\x41"]', 'expected an escape, got "x": line 1 column 5 (char 4)'],
  ['["\\u12"]', 'expected a hexadecimal digit, got "\\"": line 1 column 7 (char 6)'],
  ['["\\u12g4"]', 'expected a hexadecimal digit, got "g": line 1 column 7 (char 6)'],
  ["-", "expected a digit, but the text ends: line 1 column 2 (char 1)"],
  ["[-]", 'expected a digit, got "]": line 1 column 3 (char 2)'],
  ["[01]", 'expected "," or "]", got "1": line 1 column 3 (char 2)'],
  ["[1.]", 'expected a digit, got "]": line 1 column 4 (char 3)'],
  ["[1.e5]", 'expected a digit, got "e": line 1 column 4 (char 3)'],
  ["[1e]", 'expected a digit, got "]": line 1 column 4 (char 3)'],
  ["[1e+]", 'expected a digit, got "]": line 1 column 5 (char 4)'],
  ["[.5]", 'expected a value, got ".": line 1 column 2 (char 1)'],
  ["[+1]", 'expected a value, got "+": line 1 column 2 (char 1)'],
  ["[0x10]", 'expected "," or "]", got "x": line 1 column 3 (char 2)'],
  ["[nul]", 'expected a value, got "n": line 1 column 2 (char 1)'],
  ["[True]", 'expected a value, got "T": line 1 column 2 (char 1)'],
  ["[NaN]", "JSON has no NaN; send it in a binary tensor: line 1 column 2 (char 1)"],
  ["[1,-Infinity]", "JSON has no -Infinity; send it in a binary tensor: line 1 column 4 (char 3)"],
  ["[nan]", "JSON has no nan; send it in a binary tensor: line 1 column 2 (char 1)"],
  ["[1, // one\n2]", 'expected a value, got "/": line 1 column 5 (char 4)'],
  ['{\n  "a": 1,\r\n  b\n}', 'expected a key in double quotes, got "b": line 3 column 3 (char 15)'],
  ["[\n\n\n", "expected a value, but the text ends: line 4 column 1 (char 4)"],
  ["[😀]", 'expected a value, got "😀": line 1 column 2 (char 1)'],
  ["[1\u00a0]", 'expected "," or "]", got "\u00a0": line 1 column 3 (char 2)'],
  ["\ufeff{}", 'expected a value, got "\ufeff": line 1 column 1 (char 0)'],
];

describe("why a text is no JSON", () => {
  it.each(BROKEN)("%j: %s", (text, explanation) => {
    expect(explainSyntaxError(text)).toBe(explanation);
  });

  it("has the place that V8 has, where it has one", () => {
    const texts = BROKEN.map(([text]) => text).filter((text) => !text.includes("Infinity"));
    const told = texts.map((text) => ({ text, at: placeByV8(text) })).filter(({ at }) => at !== undefined);
    expect(told.length).toBeGreaterThan(20);
    for (const { text, at } of told) expect(`${text} ${placeByUs(text)}`).toBe(`${text} ${at}`);
  });

  it("has the place that V8 has in any JSON that was cut off, or has a character too many", () => {
    const spoilt = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.constantFrom("", "x", '"', "]", "}", ",", ":", "\\", "-", "\n", "0", "e"),
      )
      .map(([text, at, extra]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + extra + (extra === "" ? "" : text.slice(place));
      });
    fc.assert(
      fc.property(spoilt, (text) => {
        let at: number | undefined;
        try {
          at = placeByV8(text);
        } catch {
          return;
        }
        expect(explainSyntaxError(text)).not.toContain("expected the end of the text, but");
        if (at === undefined) return;
        const ours = placeByUs(text);
        // We tell where a word starts, V8 tells where it goes wrong.
        if (/[tfn]/.test(text[ours] ?? "")) expect([0, 1, 2, 3, 4]).toContain(at - ours);
        else expect(ours).toBe(at);
      }),
      { numRuns: 1500 },
    );
  });

  it("is found in long texts without filling the stack", () => {
    for (const [start, fill, count] of [
      ['["', "x", 20_000_000],
      ['["', "\\n", 1_000_000],
      ["[", " ", 1_000_000],
      ["[", "1", 1_000_000],
      ["", "[", 1_000_000],
    ] as const) {
      expect(placeByUs(start + fill.repeat(count))).toBe(start.length + fill.length * count);
    }
    expect(explainSyntaxError("\n".repeat(1_000_000) + "x")).toContain(
      "line 1000001 column 1 (char 1000000)",
    );
  });
});
