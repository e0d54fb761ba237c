import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseWithNumbers } from "../../../protocol/json/number-arrays.ts";
import { scanNumbers, scannedCount } from "../../../protocol/json/scan-numbers.ts";
import { decodeV2Request } from "../../../protocol/v2.ts";
import { DEFAULT_LIMITS } from "../../../protocol/limits.ts";

/** Makes a body long enough to be worth the fast way. */
const PADDING = " ".repeat(2048);

const parse = (text: string) => parseWithNumbers(Buffer.from(text + PADDING), DEFAULT_LIMITS);
const request = (data: string, rest = "") =>
  `{"inputs":[{"name":"x","datatype":"FP64","data":${data}${rest}}]}`;

interface Parsed {
  readonly inputs: readonly { readonly data: unknown }[];
}
const dataOf = (text: string) => (parse(text) as Parsed).inputs[0]?.data;

/** Texts of numbers in every form that JSON has. */
const digits = (minLength: number, maxLength: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength, maxLength }).map((list) => list.join(""));
const numberText = fc
  .record({
    sign: fc.constantFrom("", "-"),
    whole: fc.oneof(
      fc.constant("0"),
      fc.tuple(fc.integer({ min: 1, max: 9 }), digits(0, 19)).map((parts) => parts.join("")),
    ),
    fraction: fc.oneof(
      fc.constant(""),
      digits(1, 25).map((text) => `.${text}`),
    ),
    exponent: fc.oneof(
      fc.constant(""),
      fc
        .tuple(fc.constantFrom("e", "E"), fc.constantFrom("", "+", "-"), fc.integer({ min: 0, max: 330 }))
        .map((parts) => parts.join("")),
    ),
  })
  .map(({ sign, whole, fraction, exponent }) => sign + whole + fraction + exponent)
  .filter((text) => Number.isFinite(Number(text)));
const space = fc.constantFrom("", "", "", " ", "\n\t", "\r ");

describe("a flat array of numbers", () => {
  it("is what JSON.parse makes of it, to the last bit and the sign of zero", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(space, numberText, space), { minLength: 1, maxLength: 80 }), (parts) => {
        const text = `[${parts.map((part) => part.join("")).join(",")}]`;
        const numbers = new Float64Array(parts.length);
        const end = scanNumbers(Buffer.from(text), 1, numbers, 0);
        const expected = JSON.parse(text) as number[];
        // Too many long numbers are left to JSON.parse.
        if (end < 0) return;
        expect(end).toBe(text.length);
        expect(scannedCount()).toBe(parts.length);
        for (const [at, value] of expected.entries()) expect(numbers[at]).toBe(value);
        expect(Array.from(numbers).every((value, at) => Object.is(value, expected[at]))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    "01",
    "-01",
    "1.",
    ".5",
    "-",
    "+1",
    "1e",
    "1e+",
    "1.e5",
    "0x1",
    "1_0",
    "NaN",
    "Infinity",
    "1 2",
    "1,,2",
    "1,",
    ",1",
    "",
    "[1]",
    '"1"',
    "null",
    "true",
    "1e400",
    "-1e400",
    "1\u00a0",
    "1/**/",
    "--1",
    "1.2.3",
    "1e5.5",
  ])("that JSON has no %j in is left to JSON.parse", (text) => {
    expect(scanNumbers(Buffer.from(`[${text}]`), 1, new Float64Array(8), 0)).toBe(-1);
  });

  it("that is longer than there is room for is left to JSON.parse", () => {
    expect(scanNumbers(Buffer.from("[1,2,3]"), 1, new Float64Array(2), 0)).toBe(-1);
  });
});

describe("a body", () => {
  it("has its tensors' numbers as a Float64Array", () => {
    expect(dataOf(request("[1,-2.5,1e3]"))).toEqual(new Float64Array([1, -2.5, 1000]));
  });

  it("is otherwise what JSON.parse makes of it", () => {
    const body = request("[1,2]", ',"parameters":{"ü":"\\u00e9 \\"data\\":[1]"}');
    const parsed = parse(body) as { inputs: [Record<string, unknown>] };
    expect(parsed.inputs[0]["parameters"]).toEqual({ ü: 'é "data":[1]' });
  });

  it("may have several tensors, of which some are no numbers", () => {
    const text =
      '{"inputs":[{"data":[1,2]},{"data":["a"]},{"data":[[3]]},{"data":[4]}],"outputs":[{"data":[5]}]}';
    expect(parse(text)).toEqual({
      inputs: [
        { data: new Float64Array([1, 2]) },
        { data: ["a"] },
        { data: [[3]] },
        { data: new Float64Array([4]) },
      ],
      outputs: [{ data: new Float64Array([5]) }],
    });
  });

  it.each([
    '{"inputs":[{"name":"x","parameters":{"data":[1,2]},"data":[3]}]}',
    '{"inputs":[{"data":[1],"data":[2]}]}',
    '{"data":[1],"inputs":[]}',
    '{"inputs":[null,5,{"data":[1]}],"x":{"data":[1]}}',
    '[{"data":[1]}]',
    '{"inputs":{"data":[1]}}',
    '{"inputs":[{"nested":{"data":[1]}}]}',
    '{"inputs":[],"outputs":[{"data":[1],"data":"x"}]}',
  ])("with numbers elsewhere, or twice, is what JSON.parse makes of it: %s", (text) => {
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  it.each([
    '{"inputs":[{"data":[1,2]]}',
    '{"inputs":[{"data":[1,2]}',
    '{"inputs":[{"x":"data":[1]}]}',
    '"data":[1]',
  ])("that is no JSON is refused as JSON.parse refuses it: %s", (text) => {
    expect(() => parse(text)).toThrow("Unrecognized request format");
  });

  it("keeps integers beyond 2^53 exact, and refuses what does not fit, as always", () => {
    const body = (datatype: string, data: string) =>
      Buffer.from(`{"inputs":[{"name":"x","shape":[2],"datatype":"${datatype}","data":${data}}]}${PADDING}`);
    const decode = (datatype: string, data: string) =>
      decodeV2Request(body(datatype, data), undefined, DEFAULT_LIMITS).tensors["x"]?.data;
    expect(decode("INT64", "[9223372036854775807,-1]")).toEqual(new BigInt64Array([2n ** 63n - 1n, -1n]));
    expect(decode("FP32", "[0.1,-0]")).toEqual(new Float32Array([0.1, -0]));
    expect(() => decode("FP32", "[1,3.5e38]")).toThrow("inputs[0].data[1]: expected an FP32 number");
    expect(() => decode("FP64", "[1,1e400]")).toThrow("inputs[0].data[1]: expected an FP64 number");
    expect(() => decode("UINT8", "[1,256]")).toThrow("inputs[0].data[1]: expected a UINT8");
    expect(() => decode("BYTES", "[1,2]")).toThrow("inputs[0].data[0]: expected a BYTES text");
    expect(() => decode("FP32", "[1,2,3]")).toThrow("expected 2 elements for shape [2], got 3");
  });

  it("gives each request its own memory", () => {
    const body = (value: number) =>
      Buffer.from(`{"inputs":[{"name":"x","shape":[2],"datatype":"FP64","data":[${value},1]}]}${PADDING}`);
    const first = decodeV2Request(body(7), undefined, DEFAULT_LIMITS).tensors["x"];
    decodeV2Request(body(8), undefined, DEFAULT_LIMITS);
    expect(first?.data).toEqual(new Float64Array([7, 1]));
  });
});
