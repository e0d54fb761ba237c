import { describe, expect, it } from "vitest";
import { strings, tensor } from "../../../contract/tensor.ts";
import { predictionTensors } from "../../../protocol/convert/index.ts";

const arrayTensor = (values: unknown[]) => {
  const [first] = predictionTensors({ kind: "array", values }, []);
  if (first === undefined) throw new Error("no tensor");
  return { ...first, data: Array.from(first.data as ArrayLike<unknown>) };
};
const textsOf = (values: unknown[]) => {
  const [first] = predictionTensors({ kind: "array", values }, []);
  return strings(first as ReturnType<typeof tensor<"BYTES">>);
};

describe("an array as a tensor", () => {
  it.each<[unknown[], string, number[], unknown[]]>([
    [[1, 2], "INT64", [2], [1n, 2n]],
    [
      [
        [1, 2.5],
        [3, 4],
      ],
      "FP64",
      [2, 2],
      [1, 2.5, 3, 4],
    ],
    [[true, false], "BOOL", [2], [1, 0]],
    [[], "INT64", [0], []],
    [[NaN], "FP64", [1], [NaN]],
    [[-1, 2n ** 60n], "INT64", [2], [-1n, 2n ** 60n]],
    [[2n ** 63n, 1], "UINT64", [2], [2n ** 63n, 1n]],
    [[new Float32Array([1, 2.5])], "FP64", [1, 2], [1, 2.5]],
  ])("has the datatype of its values: %s", (values, datatype, shape, data) => {
    expect(arrayTensor(values)).toMatchObject({ name: "output-0", datatype, shape, data });
  });

  it("is text where its values are", () => {
    expect(arrayTensor(["a", "b"])).toMatchObject({ datatype: "BYTES", shape: [2] });
    expect(textsOf(["a", "ß"])).toEqual(["a", "ß"]);
  });

  it("is BYTES with JSON where no datatype fits", () => {
    expect(textsOf([{ a: 1, big: 2n ** 60n }, "text", [1, [2]], null])).toEqual([
      '{"a":1,"big":1152921504606846976}',
      "text",
      "[1,[2]]",
      "null",
    ]);
    expect(textsOf([[1, 2], [3]])).toEqual(["[1,2]", "[3]"]);
    expect(textsOf([1, true])).toEqual(["1", "true"]);
    expect(textsOf([2n ** 64n])).toEqual(["18446744073709551616"]);
  });

  it("has the declared output's name", () => {
    const outputs = [{ name: "why", datatype: "BYTES" as const, shape: [-1] }];
    expect(predictionTensors({ kind: "text", text: "so" }, outputs)[0]).toMatchObject({
      name: "why",
      shape: [1],
    });
  });
});

describe("other answers", () => {
  it("are one BYTES tensor", () => {
    expect(predictionTensors({ kind: "object", value: { a: [1] } }, [])).toEqual([
      { name: "output-0", datatype: "BYTES", shape: [1], data: [new TextEncoder().encode('{"a":[1]}')] },
    ]);
    const bytes = new Uint8Array([255]);
    expect(predictionTensors({ kind: "bytes", bytes }, [])[0]?.data).toEqual([bytes]);
  });

  it("are the tensors they are", () => {
    const tensors = [{ name: "a", ...tensor("FP32", [1], [1]) }];
    expect(predictionTensors({ kind: "tensors", tensors }, [])).toBe(tensors);
  });
});
