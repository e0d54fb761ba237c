import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  MOST_NUMBER_BYTES,
  printFloat32,
  printInteger,
  printText,
  printUnsigned,
} from "../../../protocol/json/print-number.ts";

const scratch = Buffer.alloc(3 * MOST_NUMBER_BYTES);

/** What a printer writes, which must end where it says and leave the bytes around alone. */
function printed(print: (bytes: Uint8Array, at: number) => number): string {
  scratch.fill("#");
  const end = print(scratch, MOST_NUMBER_BYTES);
  const text = scratch.toString("latin1");
  expect(end - MOST_NUMBER_BYTES).toBeLessThanOrEqual(MOST_NUMBER_BYTES);
  expect(text.slice(0, MOST_NUMBER_BYTES)).toMatch(/^#*$/);
  expect(text.slice(end)).toMatch(/^#*$/);
  return text.slice(MOST_NUMBER_BYTES, end);
}

const float = (value: number) => printed((bytes, at) => printFloat32(bytes, at, Math.fround(value)));

const floats = new Float32Array(1);
const bits = new Uint32Array(floats.buffer);
/** The FP32 of a bit pattern. */
const ofBits = (pattern: number) => {
  bits[0] = pattern;
  return floats[0] as number;
};

/** The significant digits of a number's text. */
const digitsOf = (text: string) => text.replace(/^-|e.*$|\./g, "").replace(/^0+|0+$/g, "").length;

/** Whether a double lies half-way between an FP32 and its neighbour: then it may be rounded to one or the other. */
function isHalfWay(decimal: number, value: number): boolean {
  const neighbour = 2 * decimal - value;
  return neighbour !== value && Math.fround(neighbour) === neighbour;
}

/**
 * The fewest digits of any decimal that reads back to an FP32: of each count the nearest decimal, and the one above,
 * since next to a power of two numbers lie closer together below than above.
 */
function fewestDigits(value: number): number {
  for (let count = 1; count < 10; count++) {
    const [digits, power] = value.toExponential(count - 1).split("e") as [string, string];
    const whole = Number(digits.replace(".", ""));
    for (const near of [whole - 1, whole, whole + 1]) {
      const decimal = Number(`${near}e${Number(power) - count + 1}`);
      if (Math.fround(decimal) === value && !isHalfWay(decimal, value)) return count;
    }
  }
  return 10;
}

describe("an integer", () => {
  it("is printed as String prints it", () => {
    const integers = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.integer({ min: -1000, max: 1000 }));
    fc.assert(
      fc.property(integers, (value) => {
        expect(printed((bytes, at) => printInteger(bytes, at, value))).toBe(String(value));
        expect(printed((bytes, at) => printUnsigned(bytes, at, Math.abs(value)))).toBe(
          String(Math.abs(value)),
        );
      }),
      { numRuns: 300 },
    );
  });

  it("is right next to every power of ten and of two", () => {
    for (let power = 0; power <= 53; power++) {
      for (const base of [2 ** power, 10 ** Math.min(power, 15)]) {
        for (const value of [base - 1, base, Math.min(base + 1, 2 ** 53), -base]) {
          expect(printed((bytes, at) => printInteger(bytes, at, value))).toBe(String(value));
        }
      }
    }
  });
});

it("prints ASCII text as it is", () => {
  expect(printed((bytes, at) => printText(bytes, at, "-Infinity"))).toBe("-Infinity");
});

describe("an FP32", () => {
  it.each([
    [0, "0"],
    [-0, "-0.0"],
    [1, "1"],
    [-1.5, "-1.5"],
    [0.1, "0.1"],
    [0.3, "0.3"],
    [5.1, "5.1"],
    [1 / 3, "0.33333334"],
    [100, "100"],
    [123456.789, "123456.79"],
    [8388607.5, "8388607.5"],
    [16777215, "16777215"],
    [16777216, "16777216"],
    [33554432, "33554432"],
    [1e10, "10000000000"],
    [1.2345679e11, "123456790000"],
    [1e20, "100000000000000000000"],
    [1e21, "1e+21"],
    [3.4028234663852886e38, "3.4028235e+38"],
    [0.001, "0.001"],
    [0.000001, "0.000001"],
    [0.0000012345678, "0.0000012345678"],
    [1e-7, "1e-7"],
    [1.5e-7, "1.5e-7"],
    [1.2345678e-7, "1.2345679e-7"],
    [1e-8, "1e-8"],
    [1e-13, "1e-13"],
    [9.9999e-14, "9.9999e-14"],
    [2 ** -126, "1.1754944e-38"],
    [2 ** -149, "1e-45"],
    [2 ** -148, "3e-45"],
    [-(2 ** -149), "-1e-45"],
  ])("%d is printed %s", (value, text) => {
    expect(float(value)).toBe(text);
  });

  it("reads back from every exponent's first, last and middle numbers, in the fewest digits", () => {
    const longer: number[] = [];
    for (let exponent = 0; exponent < 255; exponent++) {
      for (const fraction of [0, 1, 2, 0x3fffff, 0x400000, 0x400001, 0x7ffffe, 0x7fffff]) {
        const value = ofBits(exponent * 2 ** 23 + fraction);
        const text = float(value);
        expect(Math.fround(Number(text)), text).toBe(value);
        if (value < 2 ** 24 && Number.isInteger(value)) expect(text).toBe(String(value));
        else if (digitsOf(text) !== fewestDigits(value)) longer.push(Math.log2(value));
      }
    }
    // Powers of two whose nearest decimal of 8 digits reads back to the number below.
    expect(longer).toEqual([-96, 87, 90]);
  });

  it("reads back from a million patterns, and is never longer than JSON.stringify makes it", () => {
    const bytes = Buffer.alloc(MOST_NUMBER_BYTES);
    const wrong: string[] = [];
    // A multiplier without a common factor with 2^32 visits patterns all over, none twice.
    for (let at = 0, pattern = 0x9e3779b9; at < 1_000_000; at++, pattern = (pattern + 0x9e3779b9) >>> 0) {
      const value = ofBits(pattern);
      if (value - value !== 0) continue;
      const text = bytes.toString("latin1", 0, printFloat32(bytes, 0, value));
      // The length of every eighth: to make JSON.stringify's text takes longest.
      const longest = at % 8 === 0 ? String(value).length : text.length;
      if (Math.fround(Number(text)) !== value || text.length > longest) wrong.push(text);
    }
    expect(wrong).toEqual([]);
  });

  it("reads back for a reader that rounds once, too, in the fewest digits that do", () => {
    const patterns = fc.integer({ min: 1, max: 0x7f7fffff });
    fc.assert(
      fc.property(patterns, (pattern) => {
        const value = ofBits(pattern);
        const text = float(value);
        expect(isNearest(text, value), text).toBe(true);
        if (value < 2 ** 24 && Number.isInteger(value)) return;
        expect(digitsOf(text)).toBeGreaterThanOrEqual(fewestDigits(value));
        expect(digitsOf(text)).toBeLessThanOrEqual(9);
      }),
      { numRuns: 1000 },
    );
  });

  it("is written in JSON's grammar", () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(float(value)).toMatch(/^-?(0|[1-9]\d*)(\.\d+)?(e[+-]\d+)?$/);
        expect(Object.is(Math.fround(JSON.parse(float(value)) as number), value)).toBe(true);
      }),
    );
  });
});

/** Whether an FP32 is the nearest to a positive decimal, computed exactly. */
function isNearest(text: string, value: number): boolean {
  bits[0] = 0;
  floats[0] = value;
  const pattern = bits[0];
  const [digits = "", power = "0"] = text.split("e");
  const [whole = "", fraction = ""] = digits.split(".");
  // Everything in units of 10^-200 times 2^-200, which all of them are multiples of.
  const scale = 10n ** 200n;
  const decimal = (BigInt(whole + fraction) * 10n ** BigInt(200 + Number(power) - fraction.length)) << 200n;
  const exact = (number: number) => (BigInt(number * 2 ** 149) * scale) << 51n;
  const distance = (number: number) => {
    const difference = exact(number) - decimal;
    return difference < 0n ? -difference : difference;
  };
  const own = distance(value);
  const others = [ofBits(pattern - 1), ofBits(pattern + 1)].filter((number) => Number.isFinite(number));
  return others.every((other) => own < distance(other) || (own === distance(other) && pattern % 2 === 0));
}
