import { describe, expect, it } from "vitest";
import { type NamedTensors, tensor } from "../../../contract/tensor.ts";
import { checkTensors } from "../../../protocol/convert/index.ts";

const INPUTS = [
  { name: "x", datatype: "FP32" as const, shape: [-1, 2] },
  { name: "k", datatype: "INT8" as const, shape: [-1], optional: true },
];
const x = tensor("FP32", [3, 2], [1, 2, 3, 4, 5, 6]);

describe("the tensors of a request", () => {
  it("pass where they are the model's inputs, of any length where that is open", () => {
    expect(() => checkTensors({ x }, INPUTS)).not.toThrow();
    expect(() => checkTensors({ k: tensor("INT8", [9], new Int8Array(9)), x }, INPUTS)).not.toThrow();
  });

  it.each<[string, NamedTensors, string]>([
    ["an unknown one", { x, z: x }, 'inputs[1].name: the model has no input "z", expected x, k'],
    ["a missing one", { k: tensor("INT8", [1], [1]) }, `inputs: the model's input "x" is missing`],
    [
      "another datatype",
      { x: tensor("FP64", [1, 2], [1, 2]) },
      "inputs[0].datatype: expected FP32 for input x, got FP64",
    ],
    [
      "another length",
      { x: tensor("FP32", [1, 3], [1, 2, 3]) },
      "inputs[0].shape: expected [-1, 2] for input x, got [1, 3]",
    ],
    [
      "another rank",
      { x: tensor("FP32", [2], [1, 2]) },
      "inputs[0].shape: expected [-1, 2] for input x, got [2]",
    ],
    ["a name that every object has", { x, toString: x }, 'the model has no input "toString"'],
  ])("are refused with the place: %s", (_case, tensors, message) => {
    expect(() => checkTensors(tensors, INPUTS)).toThrow(message);
  });
});
