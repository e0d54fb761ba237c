import { describe, expect, it } from "vitest";
import { DATATYPES } from "../../../contract/datatype.ts";
import { checkTensorSize, countElements, shapeProblem } from "../../../protocol/elements/size.ts";
import { tensor } from "../../../contract/tensor.ts";
import { DEFAULT_LIMITS } from "../../../protocol/limits.ts";
import { refusal } from "../bodies.ts";

describe("the elements of a shape", () => {
  it.each([
    [1, []],
    [3, [3]],
    [6, [2, 3]],
    [0, [0]],
    [0, [2 ** 53, 2 ** 53, 0]],
    [0, [0, ...Array<number>(60).fill(2 ** 53)]],
    [2 ** 106, [2 ** 53, 2 ** 53]],
    [Infinity, Array<number>(60).fill(2 ** 53)],
  ])("are %d", (count, shape) => {
    expect(countElements(shape)).toBe(count);
  });
});

describe("a tensor's memory", () => {
  const limits = { maxDepth: 64, maxTensorBytes: 800 };
  it("may be as much as the limit, and not one element more", () => {
    const most = { FP64: 100, FP32: 200, FP16: 400, BOOL: 800, INT64: 100, BYTES: 7 } as const;
    for (const [datatype, count] of Object.entries(most)) {
      expect(() => checkTensorSize(datatype as keyof typeof most, count, "x", limits)).not.toThrow();
      const error = refusal(() => checkTensorSize(datatype as keyof typeof most, count + 1, "x", limits));
      expect(error).toMatchObject({ code: "KTS_BODY_TOO_LARGE", status: 413, path: "x" });
    }
  });

  it("is told with what it would take, and the option that allows it", () => {
    const error = refusal(() => checkTensorSize("FP32", 201, "inputs[0].shape", limits));
    expect(error.message).toBe(
      "inputs[0].shape: a FP32 tensor of 201 elements takes 804 bytes of memory, the limit is 800",
    );
    expect(error.hint).toContain("--max_tensor_bytes");
  });

  it("is refused for every datatype where a shape is endless", () => {
    for (const datatype of DATATYPES) {
      expect(refusal(() => checkTensorSize(datatype, Infinity, "x", DEFAULT_LIMITS)).status).toBe(413);
      expect(() => checkTensorSize(datatype, 0, "x", DEFAULT_LIMITS)).not.toThrow();
    }
  });
});

describe("a tensor whose elements do not fill its shape", () => {
  it("is told apart", () => {
    expect(shapeProblem(tensor("INT8", [2, 2], [1, 2, 3, 4]))).toBeUndefined();
    expect(shapeProblem(tensor("INT8", [], [1]))).toBeUndefined();
    expect(shapeProblem({ datatype: "INT8", shape: [2, 2], data: Int8Array.of(1) })).toBe(
      "has 1 elements, which do not make the shape [2, 2]",
    );
    expect(shapeProblem({ datatype: "BYTES", shape: [], data: [] })).toContain("has 0 elements");
  });
});
