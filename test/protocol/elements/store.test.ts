import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DATATYPES, type Datatype } from "../../../contract/datatype.ts";
import { createStore, misfit, storeElements } from "../../../protocol/elements/store.ts";

/** The stored elements; where a value does not fit, its index. */
function stored(datatype: Datatype, values: readonly unknown[], onlyFinite = false): unknown {
  const store = createStore(datatype, values.length + 2);
  const bad = storeElements(datatype, values, store, 1, onlyFinite);
  return bad >= 0 ? bad : Array.from(store as ArrayLike<unknown>).slice(1, -1);
}

const LIMITS: readonly [Datatype, number | bigint, number | bigint][] = [
  ["UINT8", 0, 255],
  ["UINT16", 0, 65_535],
  ["UINT32", 0, 4_294_967_295],
  ["UINT64", 0n, 2n ** 64n - 1n],
  ["INT8", -128, 127],
  ["INT16", -32_768, 32_767],
  ["INT32", -2_147_483_648, 2_147_483_647],
  ["INT64", -(2n ** 63n), 2n ** 63n - 1n],
];

describe("integers", () => {
  it.each(LIMITS)("of %s are stored from %s to %s and no further", (datatype, least, most) => {
    const one = typeof least === "bigint" ? 1n : 1;
    const values = [least, most];
    expect(stored(datatype, values)).toEqual(values);
    expect(stored(datatype, [most, (most as number) + (one as number)])).toBe(1);
    expect(stored(datatype, [least, least, (least as number) - (one as number)])).toBe(2);
  });

  it.each(LIMITS)("of %s are no fractions, texts, flags, lists or objects", (datatype) => {
    const odd = [
      0.5,
      NaN,
      Infinity,
      "1",
      "",
      true,
      null,
      undefined,
      [],
      [1],
      {},
      { valueOf: () => 1 },
      { toString: 1, valueOf: 1 },
      Object.create(null),
      Symbol("x"),
    ];
    for (const value of odd) expect(stored(datatype, [value]), typeof value).toBe(0);
  });

  it("of 64 bits are the same from a number and from a BigInt", () => {
    const numbers = fc.oneof(
      fc.maxSafeInteger(),
      fc.integer(),
      fc.constantFrom(2 ** 53, -(2 ** 63), 2 ** 62),
    );
    fc.assert(
      fc.property(numbers, (number) => {
        const long = BigInt(number);
        expect(stored("INT64", [number])).toEqual([BigInt.asIntN(64, long)]);
        expect(stored("INT64", [long])).toEqual([long]);
        expect(stored("UINT64", [number])).toEqual(number < 0 ? 0 : [long]);
        expect(stored("UINT64", [long])).toEqual(number < 0 ? 0 : [long]);
      }),
      { numRuns: 500 },
    );
    expect(stored("INT64", [-0])).toEqual([0n]);
    expect(stored("INT64", [2 ** 63])).toBe(0);
    expect(stored("UINT64", [2 ** 64])).toBe(0);
  });

  it("below 64 bits take no BigInt", () => {
    expect(stored("INT32", [1n])).toBe(0);
  });
});

describe("floats", () => {
  it("are rounded to nearest, up to the largest", () => {
    expect(stored("FP32", [0.1, -0, 2 ** -149])).toEqual([Math.fround(0.1), -0, 2 ** -149]);
    expect(stored("FP64", [0.1, -0, 5e-324])).toEqual([0.1, -0, 5e-324]);
    expect(stored("FP16", [1, -0, 65_504])).toEqual([0x3c00, 0x8000, 0x7bff]);
    expect(stored("BF16", [1, -0, 3.3895e38])).toEqual([0x3f80, 0x8000, 0x7f7f]);
  });

  it.each<[Datatype, number]>([
    ["FP32", (2 - 2 ** -24) * 2 ** 127],
    ["BF16", (2 - 2 ** -8) * 2 ** 127],
    ["FP16", 65_520],
  ])("of %s are too large from %d on", (datatype, end) => {
    const below = end * (1 - 2 ** -53);
    for (const sign of [1, -1]) {
      expect(stored(datatype, [sign * below])).toHaveLength(1);
      expect(stored(datatype, [sign * end])).toBe(0);
      expect(stored(datatype, [sign * Number.MAX_VALUE])).toBe(0);
    }
  });

  it.each<[Datatype, unknown[]]>([
    ["FP64", [NaN, Infinity, -Infinity]],
    ["FP32", [NaN, Infinity, -Infinity]],
    ["FP16", [0x7e00, 0x7c00, 0xfc00]],
    ["BF16", [0x7fc0, 0x7f80, 0xff80]],
  ])("of %s are NaN and infinite, unless these can only be numbers that were too large", (datatype, bits) => {
    expect(stored(datatype, [NaN, Infinity, -Infinity])).toEqual(bits);
    expect(stored(datatype, [1, Infinity], true)).toBe(1);
    expect(stored(datatype, [-Infinity], true)).toBe(0);
  });

  it("come from BigInts too, which V1 has for integers beyond 2^53", () => {
    expect(stored("FP64", [2n ** 60n])).toEqual([2 ** 60]);
    expect(stored("FP32", [-(2n ** 60n)])).toEqual([-(2 ** 60)]);
    expect(stored("BF16", [2n ** 60n])).toEqual([0x5d80]);
    expect(stored("FP16", [2n ** 60n])).toBe(0);
    expect(stored("FP32", [2n ** 200n])).toBe(0);
  });

  it("are no texts, flags, nulls, lists or objects", () => {
    for (const datatype of ["FP16", "BF16", "FP32", "FP64"] as const) {
      for (const value of ["1", "NaN", true, null, undefined, [], [1], {}, { toString: 1 }, Symbol("x")]) {
        expect(stored(datatype, [0, value]), `${datatype} ${typeof value}`).toBe(1);
      }
    }
  });
});

describe("flags and bytes", () => {
  it("are true, false, 1 and 0", () => {
    expect(stored("BOOL", [true, false, 1, 0])).toEqual([1, 0, 1, 0]);
    for (const value of [2, -1, "true", null, 1n, [true]]) expect(stored("BOOL", [value])).toBe(0);
  });

  it("are texts that UTF-8 can say, and bytes", () => {
    const bytes = Uint8Array.of(255);
    expect(stored("BYTES", ["a", bytes, ""])).toEqual(["a", bytes, ""]);
    for (const value of [1, null, ["a"], "\ud800", Uint16Array.of(1)]) {
      expect(stored("BYTES", ["a", value])).toBe(1);
    }
  });
});

describe("what does not fit", () => {
  it("is told with what was expected and what came", () => {
    expect(misfit("INT8", 300)).toBe("expected an INT8 (-128 to 127), got 300");
    expect(misfit("UINT64", 2n ** 64n)).toContain("(0 to 18446744073709551615), got 18446744073709551616");
    expect(misfit("FP32", "x")).toBe('expected an FP32 number (at most 3.4028e38), got the string "x"');
    expect(misfit("BYTES", 1)).toBe("expected a BYTES text, got 1");
    expect(misfit("BYTES", "\udc00")).toContain("half a surrogate pair");
  });

  it("is told for every datatype, and in few words", () => {
    for (const datatype of DATATYPES) {
      expect(misfit(datatype, "x".repeat(1e6))).toMatch(new RegExp(`^expected an? ${datatype}.{1,200}$`));
      expect(misfit(datatype, 10n ** 1000n).length).toBeLessThan(200);
    }
  });
});
