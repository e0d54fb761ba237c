import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Tensor, elementCount, tensor } from "../../../contract/tensor.ts";
import { writeNested, writeRow } from "../../../protocol/json/nested-writer.ts";
import { JsonWriter } from "../../../protocol/json/writer.ts";
import { shapes } from "../arbitraries.ts";
import { bytesOf, refusal } from "../bodies.ts";

function written(write: (writer: JsonWriter) => void): unknown {
  const writer = new JsonWriter({ nonFinite: "error", code: "KTS_BAD_PREDICTION", base64: true });
  write(writer);
  return JSON.parse(bytesOf(writer.finish()).toString());
}

/** Numbers from 0 up, nested as a shape says. */
function nest([length, ...rest]: readonly number[], from = 0): unknown {
  if (length === undefined) return from;
  return Array.from({ length }, (_, index) => nest(rest, from + index * elementCount(rest)));
}

const counting = (shape: readonly number[]): Tensor =>
  tensor(
    "INT32",
    shape,
    Int32Array.from({ length: elementCount(shape) }, (_, index) => index),
  );

/** Ones with a NaN at one place. */
function flawed(shape: readonly number[], place: number): Tensor {
  return tensor("FP32", shape, new Float32Array(elementCount(shape)).fill(1).fill(NaN, place, place + 1));
}

describe("a tensor as nested arrays", () => {
  it("nests as its shape says", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        expect(written((writer) => writeNested(writer, counting(shape), "x"))).toEqual(nest(shape));
      }),
    );
  });

  it("is its value where it is a scalar", () => {
    expect(written((writer) => writeNested(writer, tensor("FP64", [], [0.5]), "x"))).toBe(0.5);
    expect(written((writer) => writeNested(writer, tensor("BYTES", [], ["a"]), "x"))).toBe("a");
  });

  it("is told row by row as well", () => {
    const rows = shapes.filter((shape) => (shape[0] ?? 0) > 0);
    fc.assert(
      fc.property(rows, fc.nat(), (shape, pick) => {
        const row = pick % (shape[0] as number);
        const all = nest(shape) as unknown[];
        expect(written((writer) => writeRow(writer, counting(shape), row, "x"))).toEqual(all[row]);
      }),
    );
  });

  it.each([
    [[], 0, "x"],
    [[3], 2, "x[2]"],
    [[2, 3], 4, "x[1][1]"],
    [[2, 1, 4], 7, "x[1][0][3]"],
  ])("of shape %j names the place of element %d", (shape, place, path) => {
    const error = refusal(() => written((writer) => writeNested(writer, flawed(shape, place), "x")));
    expect(error.message).toBe(`${path}: JSON has no NaN`);
  });

  it.each([
    [[3], 2, "x"],
    [[2, 3], 4, "x[1]"],
    [[2, 2, 4], 15, "x[1][3]"],
  ])("of shape %j names the place of element %d within its row", (shape, place, path) => {
    const row = Math.floor(place / elementCount(shape.slice(1)));
    const error = refusal(() => written((writer) => writeRow(writer, flawed(shape, place), row, "x")));
    expect(error.message).toBe(`${path}: JSON has no NaN`);
  });
});
