import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DATATYPES, DATATYPE_ARRAY, type Datatype, type FixedDatatype } from "../../contract/datatype.ts";
import { InvalidInput } from "../../contract/errors.ts";
import { elementCount, isTensor, strings, tensor } from "../../contract/tensor.ts";
import { anyText } from "./texts.ts";

/** What a JavaScript caller can write, types or not. */
const loose = tensor as (datatype: Datatype, shape: unknown, elements: unknown) => unknown;

describe("tensor()", () => {
  it("keeps the datatype's own array", () => {
    for (const datatype of DATATYPES) {
      if (datatype === "BYTES") continue;
      const data = new DATATYPE_ARRAY[datatype as FixedDatatype](2);
      expect(loose(datatype, [2], data)).toEqual({ datatype, shape: [2], data });
      expect((loose(datatype, [2], data) as { data: unknown }).data).toBe(data);
    }
  });

  it("converts plain values", () => {
    expect(tensor("BOOL", [4], [true, false, 1, 0]).data).toEqual(Uint8Array.of(1, 0, 1, 0));
    expect(tensor("INT8", [2], [-128, 127]).data).toEqual(Int8Array.of(-128, 127));
    expect(tensor("UINT32", [1], [4294967295]).data).toEqual(Uint32Array.of(4294967295));
    expect(tensor("INT64", [3], [-1, 2n ** 63n - 1n, 2 ** 60]).data).toEqual(
      BigInt64Array.of(-1n, 2n ** 63n - 1n, 2n ** 60n),
    );
    expect(tensor("UINT64", [1], [2n ** 64n - 1n]).data).toEqual(BigUint64Array.of(2n ** 64n - 1n));
    expect(tensor("FP32", [3], [0.1, NaN, -Infinity]).data).toEqual(Float32Array.of(0.1, NaN, -Infinity));
    expect(tensor("FP64", [2], [-0, NaN]).data).toEqual(Float64Array.of(-0, NaN));
  });

  it("encodes texts as UTF-8, and keeps bytes", () => {
    const bytes = Uint8Array.of(255);
    const made = tensor("BYTES", [2], ["é", bytes]);
    expect(made.data[0]).toEqual(Uint8Array.of(0xc3, 0xa9));
    expect(made.data[1]).toBe(bytes);
  });

  it("takes scalars and shapes without elements", () => {
    expect(tensor("FP32", [], [1])).toEqual({ datatype: "FP32", shape: [], data: Float32Array.of(1) });
    expect(tensor("BYTES", [2, 0, 3], []).shape).toEqual([2, 0, 3]);
  });

  it("refuses elements that do not fill the shape", () => {
    expect(() => tensor("FP32", [2, 2], [1, 2, 3])).toThrow(
      "a tensor of shape [2, 2] holds 4 elements, but 3 came",
    );
    expect(() => tensor("FP32", [], [])).toThrow("a tensor of shape [] holds 1 elements, but 0 came");
    expect(() => tensor("INT8", [0], Int8Array.of(1))).toThrow(InvalidInput);
  });

  it("refuses a shape that is none", () => {
    for (const shape of [[-1, -4], [1.5, 2], [NaN], [Infinity], ["4"], [4n]]) {
      expect(() => loose("FP32", shape, [1, 2, 3, 4])).toThrow(
        new InvalidInput(`a shape has lengths of 0 or more, got [${shape.join(", ")}]`),
      );
    }
  });

  it.each<[Datatype, string, unknown]>([
    ["BOOL", "the number 2", 2],
    ["BOOL", 'the string "true"', "true"],
    ["UINT8", "the number 256", 256],
    ["UINT8", "the number -1", -1],
    ["INT8", "the number 1.5", 1.5],
    ["INT16", 'the string "5"', "5"],
    ["INT32", "null", null],
    ["INT32", "the number NaN", NaN],
    ["INT32", "the number 1", 1n],
    ["UINT16", "true", true],
    ["UINT32", "an array of 1", [1]],
    ["UINT32", "an object with valueOf", { valueOf: () => 1 }],
    ["INT64", "the number 1.5", 1.5],
    ["INT64", "null", null],
    ["INT64", 'the string "5"', "5"],
    ["INT64", "true", true],
    ["INT64", "the number Infinity", Infinity],
    ["INT64", "the number 9223372036854775808", 2n ** 63n],
    ["UINT64", "the number -1", -1],
    ["UINT64", "the number 18446744073709552000", 2 ** 64],
    ["FP32", 'the string "1"', "1"],
    ["FP32", "nothing", undefined],
    ["FP32", "the number 1e+300", 1e300],
    ["FP64", "the number 1", 1n],
    ["FP64", "a symbol", Symbol("x")],
  ])("names the element when a %s gets %s", (datatype, described, value) => {
    const good = datatype.endsWith("64") && datatype !== "FP64" ? 1n : 1;
    expect(() => loose(datatype, [3], [good, good, value])).toThrow(
      new InvalidInput(`element 2 of a ${datatype} tensor is ${described}, which does not fit`),
    );
  });

  it("names the element of BYTES that is neither text nor bytes", () => {
    const message = /^element 1 of a BYTES tensor is .*, expected a string or bytes$/;
    for (const value of [1, null, ["a"], Uint16Array.of(1)]) {
      expect(() => loose("BYTES", [2], ["a", value])).toThrow(message);
    }
    expect(() => loose("BYTES", [2], Array(2))).toThrow("element 0 of a BYTES tensor is nothing");
  });

  it("refuses plain numbers for FP16 and BF16, whose arrays hold bits", () => {
    for (const datatype of ["FP16", "BF16"] as const) {
      expect(() => loose(datatype, [1], [1])).toThrow(`fromFloat32("${datatype}"`);
      expect(() => loose(datatype, [1], Float32Array.of(1))).toThrow(InvalidInput);
    }
  });

  it("never throws anything but InvalidInput, whatever the elements", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...DATATYPES),
        fc.array(fc.anything({ withBigInt: true, withNullPrototype: true }), { maxLength: 4 }),
        (datatype, elements) => {
          try {
            expect(isTensor(loose(datatype, [elements.length], elements))).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(InvalidInput);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("isTensor()", () => {
  it("knows what tensor() makes, also after it crossed to another thread", () => {
    for (const datatype of DATATYPES) {
      const data = datatype === "BYTES" ? ["a"] : new DATATYPE_ARRAY[datatype as FixedDatatype](1);
      const made = loose(datatype, [1], data);
      expect(isTensor(made), datatype).toBe(true);
      expect(isTensor(structuredClone(made)), datatype).toBe(true);
    }
    expect(isTensor({ datatype: "UINT8", shape: [1], data: Buffer.of(1) })).toBe(true);
  });

  it.each([
    ["null", null],
    ["a text", "FP32"],
    ["a typed array", Float32Array.of(1)],
    ["an unknown datatype", { datatype: "FLOAT", shape: [1], data: Float32Array.of(1) }],
    ["no shape", { datatype: "FP32", data: Float32Array.of(1) }],
    ["no data", { datatype: "FP32", shape: [1] }],
    ["a list for a typed array", { datatype: "FP32", shape: [1], data: [1] }],
    ["another datatype's array", { datatype: "FP32", shape: [1], data: Float64Array.of(1) }],
    ["numbers for halves", { datatype: "FP16", shape: [1], data: new Float16Array(1) }],
    ["a typed array for BYTES", { datatype: "BYTES", shape: [1], data: Uint8Array.of(1) }],
    ["a DataView", { datatype: "UINT8", shape: [1], data: new DataView(new ArrayBuffer(1)) }],
  ])("is not taken in by %s", (_case, value) => {
    expect(isTensor(value)).toBe(false);
  });
});

describe("strings()", () => {
  it("gives back any text", () => {
    fc.assert(
      fc.property(fc.array(anyText({ maxLength: 20 }), { maxLength: 5 }), (texts) => {
        expect(strings(tensor("BYTES", [texts.length], texts))).toEqual(texts);
      }),
    );
    expect(strings(tensor("BYTES", [1], ["\ufeffbom"]))).toEqual(["\ufeffbom"]);
  });

  it("names the element that is no text", () => {
    const made = tensor("BYTES", [2], ["a", Uint8Array.of(0xc3, 0x28)]);
    expect(() => strings(made)).toThrow(new InvalidInput("element 1 is 2 bytes that are not UTF-8 text"));
  });
});

it("counts a shape's elements", () => {
  expect([[], [3], [2, 3], [2, 0, 3]].map(elementCount)).toEqual([1, 3, 6, 0]);
});
