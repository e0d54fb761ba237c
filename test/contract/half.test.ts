import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bf16ToNumber,
  fp16ToNumber,
  fromFloat32,
  numberToBf16,
  numberToFp16,
  toFloat32,
} from "../../contract/half.ts";
import { tensor } from "../../contract/tensor.ts";

const PATTERNS = 65_536;
const SIGN = 0x8000;
const scratch = new DataView(new ArrayBuffer(8));

/** The double next to a positive one, further from zero or nearer to it. */
function neighbour(value: number, step: bigint): number {
  scratch.setFloat64(0, value);
  scratch.setBigInt64(0, scratch.getBigInt64(0) + step);
  return scratch.getFloat64(0);
}

/** The finite numbers of a format, from 0 up, and what follows the largest. */
function ladder(toNumber: (bits: number) => number, infinity: number): number[] {
  const numbers = Array.from({ length: infinity }, (_, bits) => toNumber(bits));
  const last = numbers.length - 1;
  numbers.push(2 * (numbers[last] as number) - (numbers[last - 1] as number));
  return numbers;
}

/** The first pattern that disagrees, as a message; undefined where all agree. */
function firstDifference(patterns: number, check: (bits: number) => string | undefined): string | undefined {
  for (let bits = 0; bits < patterns; bits++) {
    const problem = check(bits);
    if (problem !== undefined) return `0x${bits.toString(16)}: ${problem}`;
  }
  return undefined;
}

/** Compares a rounding with its oracle at the middle between all neighbours, and just beside it. */
function roundingDifference(
  steps: readonly number[],
  round: (value: number) => number,
  oracle: (value: number) => number,
): string | undefined {
  return firstDifference(steps.length - 1, (bits) => {
    const middle = ((steps[bits] as number) + (steps[bits + 1] as number)) / 2;
    for (const value of [neighbour(middle, -1n), middle, neighbour(middle, 1n)]) {
      for (const signed of [value, -value]) {
        const got = round(signed);
        if (got !== oracle(signed)) return `${signed} became ${got}, not ${oracle(signed)}`;
      }
    }
    return undefined;
  });
}

describe("FP16", () => {
  const halves = new Float16Array(1);
  const bitsOf = new Uint16Array(halves.buffer);
  /** Node 24's own conversion, which our oldest Node does not have. */
  const oracle = (value: number) => {
    halves[0] = value;
    return bitsOf[0] as number;
  };

  it("turns each of its 65,536 patterns into the number that Float16Array holds, and back", () => {
    const difference = firstDifference(PATTERNS, (bits) => {
      bitsOf[0] = bits;
      const number = fp16ToNumber(bits);
      if (!Object.is(number, halves[0])) return `is ${halves[0]}, not ${number}`;
      const back = numberToFp16(number);
      return back === (Number.isNaN(number) ? 0x7e00 : bits) ? undefined : `came back as ${back}`;
    });
    expect(difference).toBeUndefined();
  });

  it("rounds to nearest, ties to even, between all neighbours", () => {
    expect(roundingDifference(ladder(fp16ToNumber, 0x7c00), numberToFp16, oracle)).toBeUndefined();
  });

  it("rounds any number as Float16Array does", () => {
    const near = fc.double({ min: -70_000, max: 70_000 });
    fc.assert(
      fc.property(fc.oneof(fc.double(), near, fc.float()), (value) => {
        expect(numberToFp16(value)).toBe(oracle(value));
        expect(fp16ToNumber(numberToFp16(value))).toBe(Math.f16round(value));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("BF16", () => {
  const numbers = ladder(bf16ToNumber, 0x7f80);

  /** Searches the nearest number among all; what is as near to two goes to the even pattern. */
  function oracle(value: number): number {
    const sign = value < 0 || Object.is(value, -0) ? SIGN : 0;
    const magnitude = Math.abs(value);
    if (magnitude >= (numbers[0x7f80] as number)) return sign | 0x7f80;
    let low = 0;
    let high = 0x7f80;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((numbers[middle] as number) <= magnitude) low = middle;
      else high = middle;
    }
    const below = magnitude - (numbers[low] as number);
    const above = (numbers[high] as number) - magnitude;
    return sign | (below < above || (below === above && low % 2 === 0) ? low : high);
  }

  it("turns each of its 65,536 patterns into the FP32 of which it is the upper half, and back", () => {
    const difference = firstDifference(PATTERNS, (bits) => {
      scratch.setUint32(0, bits * PATTERNS);
      const number = bf16ToNumber(bits);
      if (!Object.is(number, scratch.getFloat32(0))) return `is ${scratch.getFloat32(0)}, not ${number}`;
      const back = numberToBf16(number);
      return back === (Number.isNaN(number) ? 0x7fc0 : bits) ? undefined : `came back as ${back}`;
    });
    expect(difference).toBeUndefined();
  });

  it("rounds to nearest, ties to even, between all neighbours", () => {
    expect(roundingDifference(numbers, numberToBf16, oracle)).toBeUndefined();
  });

  it("rounds any number to the nearest, and does so once", () => {
    fc.assert(
      fc.property(fc.oneof(fc.double({ noNaN: true }), fc.float({ noNaN: true })), (value) => {
        expect(numberToBf16(value)).toBe(oracle(value));
      }),
      { numRuns: 1000 },
    );
    // An FP32 in between would lie half-way, and forget which side the number was on.
    expect(numberToBf16(1 + 2 ** -8 + 2 ** -40)).toBe(0x3f81);
    expect(numberToBf16(1 + 3 * 2 ** -8 - 2 ** -40)).toBe(0x3f81);
  });
});

describe("a tensor as FP32", () => {
  it("has the numbers that its halves stand for", () => {
    const fp16 = tensor("FP16", [3], Uint16Array.of(0x3c00, 0xc000, 0x7c00));
    expect(toFloat32(fp16)).toEqual(Float32Array.of(1, -2, Infinity));
    expect(toFloat32(tensor("BF16", [2], Uint16Array.of(0x3f80, 0x8000)))).toEqual(Float32Array.of(1, -0));
  });

  it("is the tensor's own data where that is FP32, and new data where it is not", () => {
    const own = Float32Array.of(1, 2);
    expect(toFloat32(tensor("FP32", [2], own))).toBe(own);
    expect(toFloat32(tensor("INT8", [2], [1, -2]))).toEqual(Float32Array.of(1, -2));
    expect(toFloat32(tensor("BOOL", [2], [true, false]))).toEqual(Float32Array.of(1, 0));
    expect(toFloat32(tensor("FP64", [1], [0.1]))).toEqual(Float32Array.of(0.1));
  });

  it("is refused for what FP32 cannot hold", () => {
    const long = tensor("INT64", [1], [1n]);
    expect(() => toFloat32(long)).toThrow("a tensor of INT64 cannot become FP32 without loss");
    expect(() => toFloat32(tensor("UINT64", [1], [1n]))).toThrow("UINT64");
    expect(() => toFloat32(tensor("BYTES", [1], ["a"]))).toThrow("BYTES");
  });
});

describe("a tensor of halves", () => {
  it("holds the nearest values", () => {
    expect(fromFloat32("FP16", [2], [1, 1e9])).toEqual({
      datatype: "FP16",
      shape: [2],
      data: Uint16Array.of(0x3c00, 0x7c00),
    });
    expect(fromFloat32("BF16", [1, 1], Float32Array.of(-1)).data).toEqual(Uint16Array.of(0xbf80));
  });

  it("is refused where the values do not fill the shape", () => {
    expect(() => fromFloat32("FP16", [3], [1, 2])).toThrow(
      "a tensor of shape [3] holds 3 elements, but 2 came",
    );
  });
});
