import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkValues, parseExact } from "../../../protocol/json/exact.ts";
import { DEFAULT_LIMITS } from "../../../protocol/limits.ts";
import { refusal } from "../bodies.ts";

const check = (text: string) => checkValues(JSON.parse(text), DEFAULT_LIMITS);

describe("a parsed value", () => {
  it.each([
    ["9007199254740991", false],
    ["-9007199254740991", false],
    ["9007199254740992", true],
    ["-9007199254740992", true],
    ["1e300", true],
    ["0.1", false],
    ["null", false],
    ['"9007199254740993"', false],
    ["[1,[2,{}],true]", false],
    ['[1,[2,{"a":9007199254740993}]]', true],
    ["[9007199254740993,1]", true],
    ['{"a":[[]],"__proto__":18446744073709551615}', true],
  ])("of %s may have lost digits of an integer: %s", (text, lost) => {
    expect(check(text)).toBe(lost);
  });

  it("is refused when a number is too large for a double, wherever it is", () => {
    for (const text of ["1e400", "[-1e400]", '{"a":[1,1e400]}', '[9007199254740993,{"a":{"b":1e999}}]']) {
      const error = refusal(() => check(text));
      expect(error).toMatchObject({ code: "KTS_INVALID_INPUT", status: 400 });
      expect(error.message).toContain("too large for a double");
    }
  });

  it("is refused below 64 levels, and taken at 64", () => {
    const nested = (levels: number, open: string, close: string) =>
      open.repeat(levels) + "1" + close.repeat(levels);
    for (const [open, close] of [
      ["[", "]"],
      ['{"a":', "}"],
    ] as const) {
      expect(check(nested(64, open, close))).toBe(false);
      expect(refusal(() => check(nested(65, open, close))).message).toBe(
        "the JSON nests deeper than 64 levels",
      );
      expect(refusal(() => check(nested(100_000, open, close))).status).toBe(400);
    }
  });
});

describe("a text parsed exactly", () => {
  it("has BigInts for the integers beyond 2^53 that are written in full, and nothing else changed", () => {
    expect(
      parseExact(
        '[9007199254740993,-9007199254740993,1,1e20,9007199254740993.0,0.5,"9007199254740993",null]',
      ),
    ).toEqual([
      9007199254740993n,
      -9007199254740993n,
      1,
      1e20,
      9007199254740992,
      0.5,
      "9007199254740993",
      null,
    ]);
  });

  it("gives back every integer", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), (long) => {
        const [got] = parseExact(`[${long}]`) as [number | bigint];
        expect(BigInt(got)).toBe(long);
        expect(typeof got).toBe(Number.isSafeInteger(Number(long)) ? "number" : "bigint");
      }),
    );
  });

  it("is the same as JSON.parse's in all else: keys given twice, __proto__, order", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const rounded = JSON.stringify(parseExact(text), (_key, value: unknown) =>
          typeof value === "bigint" ? Number(value) : value,
        );
        expect(rounded).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
    const twice = '{"a":[9007199254740993,1],"a":9007199254740995,"__proto__":{"b":9007199254740997}}';
    const value = parseExact(twice) as Record<string, unknown>;
    expect(Object.entries(value)).toEqual([
      ["a", 9007199254740995n],
      ["__proto__", { b: 9007199254740997n }],
    ]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it("leaves a number too large for a double infinite: a BigInt of a million digits would take minutes", () => {
    expect(parseExact(`[${"9".repeat(1_000_000)},-${"9".repeat(400)}]`)).toEqual([Infinity, -Infinity]);
    expect(parseExact("9".repeat(308))).toBe(10n ** 308n - 1n);
  });
});
