import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeValue, shorten } from "../../contract/describe.ts";

describe("a value in an error message", () => {
  it.each([
    ["null", null],
    ["nothing", undefined],
    ['the string ""', ""],
    ['the string "say \\"x\\"\\n"', 'say "x"\n'],
    ['the string "\\ud800"', "\ud800"],
    ["the number 1.5", 1.5],
    ["the number NaN", NaN],
    ["the number 18446744073709551616", 2n ** 64n],
    ["false", false],
    ["an array of 0", []],
    ["an array of 2", [1, 2]],
    ["a Float32Array", new Float32Array(2)],
    ["a Buffer", Buffer.alloc(2)],
    ["an empty object", {}],
    ["an empty object", Object.create(null)],
    ["an object with a, b", { a: 1, b: 2 }],
    ["a function", () => 1],
    ["a symbol", Symbol("x")],
  ])("reads %s", (text, value) => {
    expect(describeValue(value)).toBe(text);
  });

  it("is short, however long the value", () => {
    const longest = [
      "a".repeat(1e6),
      "\u0000".repeat(1e6),
      Array(1e6).fill(0),
      10n ** 1000n,
      { ["k".repeat(1e6)]: 1 },
    ].map((value) => describeValue(value).length);
    expect(Math.max(...longest)).toBeLessThan(300);
  });

  it("can be made of anything", () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withTypedArray: true, withDate: true }), (value) => {
        expect(describeValue(value)).toMatch(/^[^]{1,300}$/);
      }),
    );
  });
});

it("cuts only texts that are too long", () => {
  expect(shorten("abc", 3)).toBe("abc");
  expect(shorten("abcd", 3)).toBe("abc...");
});
