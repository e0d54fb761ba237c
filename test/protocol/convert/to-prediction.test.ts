import { describe, expect, it } from "vitest";
import type { Datatype } from "../../../contract/datatype.ts";
import type { TensorSpec } from "../../../contract/signature.ts";
import { tensor } from "../../../contract/tensor.ts";
import { toPrediction } from "../../../protocol/convert/index.ts";

const output = (name: string, shape: number[], datatype: Datatype = "FP32"): TensorSpec => ({
  name,
  datatype,
  shape,
});
const tensorsOf = (value: unknown, ...outputs: TensorSpec[]) => {
  const prediction = toPrediction(value, outputs);
  if (prediction.kind !== "tensors") throw new Error(prediction.kind);
  return prediction.tensors;
};

describe("an answer without declared outputs", () => {
  it("is what it is: text, bytes, an array, an object", () => {
    expect(toPrediction("yes", [])).toEqual({ kind: "text", text: "yes" });
    expect(toPrediction(Buffer.from("ab"), [])).toMatchObject({ kind: "bytes" });
    expect(toPrediction(new Uint8Array([1]).buffer, [])).toEqual({
      kind: "bytes",
      bytes: new Uint8Array([1]),
    });
    expect(toPrediction([1, "a"], [])).toEqual({ kind: "array", values: [1, "a"] });
    expect(toPrediction({ a: 1 }, [])).toEqual({ kind: "object", value: { a: 1 } });
    expect(toPrediction({}, [])).toEqual({ kind: "object", value: {} });
  });

  it("is tensors where it is made of them", () => {
    const t = tensor("INT8", [2], [1, 2]);
    expect(tensorsOf(t)).toEqual([{ name: "output-0", ...t }]);
    expect(tensorsOf(new Float64Array([1, 2]))).toEqual([
      { name: "output-0", datatype: "FP64", shape: [2], data: new Float64Array([1, 2]) },
    ]);
    expect(tensorsOf({ a: t, b: new Float32Array(1) }).map(({ name }) => name)).toEqual(["a", "b"]);
    expect(toPrediction({ a: t, b: "with text" }, [])).toMatchObject({ kind: "object" });
  });

  it.each([
    [undefined, "nothing"],
    [null, "null"],
    [5, "the number 5"],
    [true, "true"],
  ])("is refused where it says nothing: %s", (value, what) => {
    expect(() => toPrediction(value, [])).toThrow(
      `the predictor answered ${what}, expected an array, a tensor, an object or a text`,
    );
  });
});

describe("an answer to one declared output", () => {
  it("is its value, or an object with it", () => {
    const expected = [{ name: "y", datatype: "FP32", shape: [2, 2], data: new Float32Array([1, 2, 3, 4]) }];
    const y = output("y", [-1, 2]);
    expect(
      tensorsOf(
        [
          [1, 2],
          [3, 4],
        ],
        y,
      ),
    ).toEqual(expected);
    expect(
      tensorsOf(
        {
          y: [
            [1, 2],
            [3, 4],
          ],
        },
        y,
      ),
    ).toEqual(expected);
    expect(tensorsOf(tensor("FP32", [2, 2], [1, 2, 3, 4]), y)).toEqual(expected);
    expect(tensorsOf([new Float32Array([1, 2]), new Float32Array([3, 4])], y)).toEqual(expected);
  });

  it("may be flat where only one dimension is open", () => {
    expect(tensorsOf(new Float32Array(6), output("y", [-1, 3]))[0]?.shape).toEqual([2, 3]);
    expect(tensorsOf([1, 2, 3, 4], output("y", [2, 2]))[0]?.shape).toEqual([2, 2]);
    expect(() => tensorsOf(new Float32Array(6), output("y", [-1, -1]))).toThrow(
      "output y has the shape [6], but outputs declares [-1, -1]",
    );
    expect(() => tensorsOf(new Float32Array(7), output("y", [-1, 3]))).toThrow("has the shape [7]");
  });

  it("keeps the memory of the datatype's own array, and converts any other", () => {
    const own = new Float32Array([1]);
    expect(tensorsOf(own, output("y", [-1]))[0]?.data).toBe(own);
    expect(tensorsOf(new Float64Array([1.5]), output("y", [-1]))[0]?.data).toEqual(new Float32Array([1.5]));
    expect(tensorsOf([1, 2n], output("y", [-1], "INT64"))[0]?.data).toEqual(new BigInt64Array([1n, 2n]));
    expect(tensorsOf([true, false], output("y", [-1], "BOOL"))[0]?.data).toEqual(new Uint8Array([1, 0]));
    expect(tensorsOf(["a"], output("y", [-1], "BYTES"))[0]?.data).toEqual([new Uint8Array([97])]);
    expect(tensorsOf([0.5], output("y", [-1], "FP16"))[0]?.data).toEqual(new Uint16Array([0x3800]));
    expect(tensorsOf(7, output("y", []))[0]).toMatchObject({ shape: [], data: new Float32Array([7]) });
  });

  it.each<[unknown, TensorSpec, string]>([
    [[1.5], output("y", [-1], "INT64"), "output y[0]: expected an INT64"],
    [[[1, 2], [3]], output("y", [-1, 2]), "output y[1]: expected 2 numbers, got 1"],
    [[[1, 2, 3]], output("y", [-1, 2]), "output y has the shape [1, 3], but outputs declares [-1, 2]"],
    [tensor("FP64", [1], [1]), output("y", [-1]), "output y is FP64, but outputs declares FP32"],
    [
      "text",
      output("y", [-1]),
      'output y is the string "text", expected a tensor, a typed array or an array',
    ],
    [undefined, output("y", [-1]), "output y is nothing, expected"],
    [{ z: [1] }, output("y", [-1]), "the predictor answered with z, but outputs declares y"],
    [{}, output("y", [-1]), "the predictor's answer has no value for output y"],
  ])("is refused where it is not what outputs says: %j", (value, spec, message) => {
    expect(() => tensorsOf(value, spec)).toThrow(
      expect.objectContaining({
        code: "KTS_BAD_PREDICTION",
        message: expect.stringContaining(message) as string,
      }),
    );
  });
});

describe("an answer to several declared outputs", () => {
  const outputs = [output("a", [-1]), output("b", [-1], "BYTES")];

  it("is in the order they are declared", () => {
    expect(tensorsOf({ b: ["x"], a: [1] }, ...outputs).map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it("has each of them", () => {
    expect(() => tensorsOf({ a: [1] }, ...outputs)).toThrow("has no value for output b");
    expect(() => tensorsOf([1], ...outputs)).toThrow(
      "the predictor answered an array of 1, expected an object with a, b",
    );
  });
});
