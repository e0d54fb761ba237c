import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { typedArrayTensor } from "../../../protocol/elements/typed-array.ts";

describe("a typed array as a tensor", () => {
  it.each([
    ["UINT8", new Uint8Array(2)],
    ["UINT16", new Uint16Array(2)],
    ["UINT32", new Uint32Array(2)],
    ["UINT64", new BigUint64Array(2)],
    ["INT8", new Int8Array(2)],
    ["INT16", new Int16Array(2)],
    ["INT32", new Int32Array(2)],
    ["INT64", new BigInt64Array(2)],
    ["FP32", new Float32Array(2)],
    ["FP64", new Float64Array(2)],
  ])("is %s, one-dimensional, with the array itself as its data", (datatype, array) => {
    const made = typedArrayTensor(array);
    expect(made).toEqual({ datatype, shape: [2], data: array });
    expect(made?.data).toBe(array);
  });

  it("shares the memory of arrays whose elements are held in another kind of array", () => {
    const half = Float16Array.of(9, 1, -2).subarray(1);
    expect(typedArrayTensor(half)).toEqual({
      datatype: "FP16",
      shape: [2],
      data: Uint16Array.of(0x3c00, 0xc000),
    });
    expect((typedArrayTensor(half)?.data as Uint16Array).buffer).toBe(half.buffer);
    const clamped = Uint8ClampedArray.of(9, 1, 255).subarray(1);
    expect(typedArrayTensor(clamped)).toEqual({ datatype: "UINT8", shape: [2], data: Uint8Array.of(1, 255) });
    expect((typedArrayTensor(clamped)?.data as Uint8Array).buffer).toBe(clamped.buffer);
  });

  it("is known by its tag: a Buffer, and an array from another realm", () => {
    expect(typedArrayTensor(Buffer.of(1, 2))).toMatchObject({ datatype: "UINT8", shape: [2] });
    const foreign: unknown = runInNewContext("Float64Array.of(1, 2)");
    expect(foreign).not.toBeInstanceOf(Float64Array);
    expect(typedArrayTensor(foreign)).toMatchObject({ datatype: "FP64", shape: [2] });
  });

  it("is nothing else", () => {
    for (const value of [[1], new DataView(new ArrayBuffer(1)), new ArrayBuffer(1), null, "Int8Array", {}]) {
      expect(typedArrayTensor(value)).toBeUndefined();
    }
    expect(typedArrayTensor({ [Symbol.toStringTag]: "Int8Array", length: 1 })).toBeUndefined();
  });
});
