import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Datatype } from "../../../contract/datatype.ts";
import { InvalidInput } from "../../../contract/errors.ts";
import { type Tensor, elementCount } from "../../../contract/tensor.ts";
import { NestedReader, finishStore, isList, shapeOf } from "../../../protocol/elements/nested.ts";
import { createStore } from "../../../protocol/elements/store.ts";
import { shapes } from "../arbitraries.ts";
import { refusal } from "../bodies.ts";

const invalid = (path: string, message: string) => new InvalidInput(message, { path });

function read(datatype: Datatype, shape: readonly number[], value: unknown): Tensor["data"] {
  const store = createStore(datatype, elementCount(shape));
  new NestedReader(datatype, store, shape, invalid).read(value, "x");
  return finishStore(datatype, store);
}

/** Numbers from 0 up, nested as a shape says. */
function nest(shape: readonly number[], from = 0): unknown {
  const [length, ...rest] = shape;
  if (length === undefined) return from;
  return Array.from({ length }, (_, index) => nest(rest, from + index * elementCount(rest)));
}

describe("nested lists", () => {
  it("are read row by row", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const expected = Float64Array.from({ length: elementCount(shape) }, (_, index) => index);
        expect(read("FP64", shape, nest(shape))).toEqual(expected);
      }),
    );
  });

  it("have the shape of their first elements", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const open = shape.indexOf(0);
        expect(shapeOf(nest(shape), "FP64", 64)).toEqual(open < 0 ? shape : shape.slice(0, open + 1));
      }),
    );
    expect(shapeOf([[1, 2], [3]], undefined, 64)).toEqual([2, 2]);
  });

  it("are followed no deeper than asked", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = [deep];
    expect(shapeOf(deep, "FP32", 64)).toHaveLength(65);
    const loop: unknown[] = [];
    loop.push(loop);
    expect(shapeOf(loop, "FP32", 64)).toHaveLength(65);
  });

  it("are arrays and typed arrays; bytes are an element where the datatype is BYTES", () => {
    expect(read("INT16", [2, 2], [Int16Array.of(1, 2), [3, 4]])).toEqual(Int16Array.of(1, 2, 3, 4));
    expect(isList(Uint8Array.of(1), "UINT8")).toBe(true);
    expect(isList(Uint8Array.of(1), undefined)).toBe(true);
    expect(isList(Uint8Array.of(1), "BYTES")).toBe(false);
    expect(isList(new DataView(new ArrayBuffer(1)), "UINT8")).toBe(false);
    expect(isList("text", "BYTES")).toBe(false);
    expect(isList({ length: 1 }, "UINT8")).toBe(false);
    const bytes = Uint8Array.of(255);
    expect(read("BYTES", [2], ["a", bytes])).toEqual([Uint8Array.of(97), bytes]);
  });

  it.each<[string, Datatype, number[], unknown, string]>([
    [
      "a value in a row",
      "INT8",
      [2, 2],
      [
        [1, 2],
        [3, 300],
      ],
      "x[1][1]: expected an INT8",
    ],
    [
      "a value in a list",
      "FP32",
      [2],
      [1, null],
      "x[1]: expected an FP32 number (at most 3.4028e38), got null",
    ],
    ["a value alone", "BOOL", [], 2, "x: expected a BOOL (true or false), got 2"],
    [
      "a row too short",
      "FP32",
      [2, 3],
      [
        [1, 2, 3],
        [4, 5],
      ],
      "x[1]: expected 3 numbers, got 2",
    ],
    ["a row too long", "BYTES", [1, 1], [["a", "b"]], "x[0]: expected 1 text, got 2"],
    ["a row of flags", "BOOL", [1, 2], [[true]], "x[0]: expected 2 flags, got 1"],
    ["rows missing", "FP32", [2, 3], [[1, 2, 3]], "x: expected 2 arrays, got 1"],
    ["a row too many", "FP32", [1, 1], [[1], [2]], "x: expected 1 array, got 2"],
    ["no row", "FP32", [2, 2], [[1, 2], 3], "x[1]: expected an array of 2, got the number 3"],
    [
      "a row too deep",
      "FP32",
      [2],
      [1, [2]],
      "x[1]: expected an FP32 number (at most 3.4028e38), got an array of 1",
    ],
    [
      "depth",
      "INT8",
      [2, 1, 2],
      [[[1, 2]], [[3, 4.5]]],
      "x[1][0][1]: expected an INT8 (-128 to 127), got 4.5",
    ],
  ])("name the place of %s", (_case, datatype, shape, value, message) => {
    const got = refusal(() => read(datatype, shape, value)).message;
    expect(got.slice(0, message.length)).toBe(message);
  });

  it("may be read one after the other into one store", () => {
    const store = createStore("INT8", 4);
    const reader = new NestedReader("INT8", store, [2], invalid);
    reader.read([1, 2], "a");
    reader.read([3, 4], "b");
    expect(store).toEqual(Int8Array.of(1, 2, 3, 4));
  });

  it("hold infinities, unless these can only be numbers that were too large", () => {
    expect(read("FP32", [1, 2], [[NaN, Infinity]])).toEqual(Float32Array.of(NaN, Infinity));
    const strict = new NestedReader("FP32", createStore("FP32", 2), [2], invalid, true);
    expect(refusal(() => strict.read([0, Infinity], "x")).path).toBe("x[1]");
  });
});
