import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tensor } from "../../../contract/tensor.ts";
import { stackInstances, unstackTensors } from "../../../protocol/convert/index.ts";
import { DEFAULT_LIMITS } from "../../../protocol/limits.ts";

describe("tensors as instances", () => {
  it("are one value a row where there is one tensor", () => {
    expect(unstackTensors({ x: tensor("FP32", [2, 1, 2], [1, 2, 3, 4]) })).toEqual([[[1, 2]], [[3, 4]]]);
    expect(unstackTensors({ x: tensor("BOOL", [2], [true, false]) })).toEqual([true, false]);
    expect(unstackTensors({ x: tensor("FP32", [2, 0], []) })).toEqual([[], []]);
  });

  it("are objects keyed by name where there are several, whatever the name", () => {
    const tensors = Object.fromEntries([
      ["x", tensor("INT8", [2], [1, 2])],
      ["__proto__", tensor("BYTES", [2], ["a", "b"])],
    ]);
    const rows = unstackTensors(tensors) as Record<string, unknown>[];
    expect(rows.map((row) => Object.entries(row))).toEqual([
      [
        ["x", 1],
        ["__proto__", "a"],
      ],
      [
        ["x", 2],
        ["__proto__", "b"],
      ],
    ]);
    expect(Object.getPrototypeOf(rows[0])).toBe(Object.prototype);
  });

  it("hold numbers where those are exact, else BigInts; text where bytes are UTF-8, else bytes", () => {
    expect(unstackTensors({ x: tensor("INT64", [2], [5n, 2n ** 60n]) })).toEqual([5, 2n ** 60n]);
    const bytes = new Uint8Array([255]);
    expect(unstackTensors({ x: tensor("BYTES", [2], ["é", bytes]) })).toEqual(["é", bytes]);
    expect(unstackTensors({ x: tensor("FP16", [1], new Uint16Array([0x3c00])) })).toEqual([1]);
    expect(unstackTensors({ x: tensor("BF16", [1], new Uint16Array([0x4040])) })).toEqual([3]);
  });

  it("need a first dimension in common", () => {
    expect(() => unstackTensors({ x: tensor("FP32", [], [1]) })).toThrow(
      "inputs: the tensors have no first dimension in common, so they cannot be told by instance: x []",
    );
    const uneven = { x: tensor("FP32", [1], [1]), y: tensor("FP32", [2], [1, 2]) };
    expect(() => unstackTensors(uneven)).toThrow("x [1], y [2]");
  });

  it("stack to the same tensors again", () => {
    const shapes = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), shapes, (rows, rest) => {
        // What follows an empty dimension cannot be seen in nested lists.
        const shape = [rows, ...rest.filter((length) => length > 0)];
        const count = shape.reduce((product, length) => product * length, 1);
        const x = tensor(
          "INT32",
          shape,
          Int32Array.from({ length: count }, (_, at) => at),
        );
        const y = tensor(
          "FP64",
          [rows],
          Float64Array.from({ length: rows }, (_, at) => at / 7),
        );
        const inputs = [
          { name: "x", datatype: "INT32" as const, shape: [-1, ...shape.slice(1)] },
          { name: "y", datatype: "FP64" as const, shape: [-1] },
        ];
        const again = stackInstances(unstackTensors({ x, y }), inputs, DEFAULT_LIMITS);
        expect({ ...again }).toEqual({ x, y });
      }),
    );
  });
});
