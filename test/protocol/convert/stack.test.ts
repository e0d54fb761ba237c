import { describe, expect, it } from "vitest";
import type { Datatype } from "../../../contract/datatype.ts";
import type { TensorSpec } from "../../../contract/signature.ts";
import { stackInstances } from "../../../protocol/convert/index.ts";
import { DEFAULT_LIMITS } from "../../../protocol/limits.ts";

const spec = (name: string, shape: number[], datatype: Datatype = "FP32", optional = false): TensorSpec => ({
  name,
  datatype,
  shape,
  optional,
});
const stack = (instances: unknown[], ...inputs: TensorSpec[]) => ({
  ...stackInstances(instances, inputs, DEFAULT_LIMITS),
});
const text = (value: string) => new TextEncoder().encode(value);

describe("the instances of a model with one input", () => {
  it("are its values, stacked along a new first dimension", () => {
    expect(
      stack(
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
        spec("x", [-1, 2]),
      ),
    ).toEqual({
      x: { datatype: "FP32", shape: [3, 2], data: new Float32Array([1, 2, 3, 4, 5, 6]) },
    });
    expect(stack([1, 2], spec("x", [-1], "INT8"))).toEqual({
      x: { datatype: "INT8", shape: [2], data: new Int8Array([1, 2]) },
    });
  });

  it("may be objects with nothing but that input", () => {
    expect(stack([{ x: [1, 2] }, { x: [3, 4] }], spec("x", [-1, 2]))["x"]?.data).toEqual(
      new Float32Array([1, 2, 3, 4]),
    );
    expect(() => stack([{ x: [1, 2] }, [3, 4]], spec("x", [-1, 2]))).toThrow(
      "instances[1]: expected an object with x as in instances[0], got an array of 2",
    );
  });

  it("have open dimensions as long as the first one's", () => {
    expect(
      stack(
        [
          [[1], [2]],
          [[3], [4]],
        ],
        spec("x", [-1, -1, 1]),
      )["x"]?.shape,
    ).toEqual([2, 2, 1]);
    expect(() => stack([[[1], [2]], [[3]]], spec("x", [-1, -1, 1]))).toThrow(
      "instances[1]: expected 2 arrays, got 1",
    );
    expect(() => stack([1], spec("x", [-1, -1]))).toThrow(
      "instances[0]: expected an array for input x of shape [-1, -1], got the number 1",
    );
  });

  it("are exact beyond 2^53", () => {
    const values = [9_223_372_036_854_775_807n, -1];
    expect(stack(values, spec("x", [-1], "INT64"))["x"]?.data).toEqual(
      new BigInt64Array([2n ** 63n - 1n, -1n]),
    );
  });

  it("say bytes as text or as base64", () => {
    const instances = [["a", { b64: "/wA=" }]];
    expect(stack(instances, spec("x", [-1, 2], "BYTES"))["x"]).toEqual({
      datatype: "BYTES",
      shape: [1, 2],
      data: [text("a"), new Uint8Array([255, 0])],
    });
    expect(() => stack([[{ b64: "???" }]], spec("x", [-1, 1], "BYTES"))).toThrow(
      'instances[0][0].b64: expected base64, got the string "???"',
    );
  });

  it("are as many as a fixed first dimension says, one for a scalar", () => {
    expect(stack([7], spec("x", []))).toEqual({
      x: { datatype: "FP32", shape: [], data: new Float32Array([7]) },
    });
    expect(() => stack([1, 2], spec("x", []))).toThrow(
      "instances: input x has the shape [], which takes 1, got 2",
    );
    expect(() => stack([[1], [2]], spec("x", [3, 1]))).toThrow("which takes 3, got 2");
  });

  it.each<[unknown[], string]>([
    [[], "instances: expected at least one instance, got an empty array"],
    [[[1, 2, 3]], "instances[0]: expected 2 numbers, got 3"],
    [[[1, 2], [3]], "instances[1]: expected 2 numbers, got 1"],
    [[[1, "two"]], 'instances[0][1]: expected an FP32 number (at most 3.4028e38), got the string "two"'],
    [[[1, [2]]], "instances[0][1]: expected an FP32 number (at most 3.4028e38), got an array of 1"],
    [[null], "instances[0]: expected an array of 2, got null"],
  ])("are refused with the place: %j", (instances, message) => {
    expect(() => stack(instances, spec("x", [-1, 2]))).toThrow(message);
  });

  it("are refused before more memory is taken than the limit", () => {
    const limits = { ...DEFAULT_LIMITS, maxTensorBytes: 7 };
    expect(() => stackInstances([[1, 2]], [spec("x", [-1, 2])], limits)).toThrow("takes 8 bytes");
  });
});

describe("the instances of a model with several inputs", () => {
  const inputs = [spec("a", [-1, 2]), spec("b", [-1], "INT64"), spec("k", [-1], "BOOL", true)];

  it("are objects keyed by input", () => {
    expect(
      stack(
        [
          { a: [1, 2], b: 3 },
          { b: 6, a: [4, 5] },
        ],
        ...inputs,
      ),
    ).toEqual({
      a: { datatype: "FP32", shape: [2, 2], data: new Float32Array([1, 2, 4, 5]) },
      b: { datatype: "INT64", shape: [2], data: new BigInt64Array([3n, 6n]) },
    });
  });

  it("all give an optional input, or none does", () => {
    expect(stack([{ a: [1, 2], b: 3, k: true }], ...inputs)["k"]?.data).toEqual(new Uint8Array([1]));
    const given = { a: [1, 2], b: 3, k: true };
    const absent = { a: [1, 2], b: 3 };
    expect(() => stack([given, absent], ...inputs)).toThrow("instances[1]: has no k, unlike instances[0]");
    expect(() => stack([absent, given], ...inputs)).toThrow("instances[1]: has k, unlike instances[0]");
  });

  it.each<[unknown, string]>([
    [{ a: [1, 2] }, "instances[0]: has no b, expected an object with a, b, k"],
    [{ a: [1, 2], b: 1, c: 2 }, 'instances[0]: the model has no input "c", expected a, b, k'],
    [[1, 2], "instances[0]: expected an object with a, b, k, got an array of 2"],
    [{ a: [1, 2], b: 1.5 }, "instances[0].b: expected an INT64"],
    [{ a: [1, "x"], b: 1 }, "instances[0].a[1]: expected an FP32 number"],
  ])("are refused with the place: %j", (instance, message) => {
    expect(() => stack([instance], ...inputs)).toThrow(message);
  });
});
