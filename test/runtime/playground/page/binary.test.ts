import { describe, expect, it } from "vitest";
import { fromFloat32, toFloat32 } from "../../../../contract/index.ts";
import { DEFAULT_LIMITS } from "../../../../protocol/limits.ts";
import { decodeV2Request, encodeV2Response } from "../../../../protocol/v2.ts";
import { decodeBinary, encodeBinary } from "../../../../runtime/playground/page/binary.ts";
import type { Leaf, Tensor } from "../../../../runtime/playground/page/values.ts";

/** Values of each datatype at the edges of what it can hold. */
const EDGES: Readonly<Record<string, readonly Leaf[]>> = {
  BOOL: [true, false],
  UINT8: [0, 255],
  INT8: [-128, 127],
  UINT16: [0, 65_535],
  INT16: [-32_768, 32_767],
  UINT32: [0, 4_294_967_295],
  INT32: [-2_147_483_648, 2_147_483_647],
  UINT64: [0, 18_446_744_073_709_551_615n],
  INT64: [-9_223_372_036_854_775_808n, 9_007_199_254_740_993n],
  FP16: [0, -1.5, 65_504, 2 ** -24, 0.0999755859375],
  BF16: [0, -1.5, 3.140625],
  FP32: [0, -1.5, Math.fround(0.1)],
  FP64: [0, 0.1, -1e300],
  BYTES: ["", "zwölf", "🙂"],
};

const CASES = Object.entries(EDGES).map(([datatype, data]): Tensor => ({
  name: "x",
  datatype,
  shape: [data.length],
  data,
}));

/** The elements as the page has them. */
function leaves(tensor: { readonly datatype: string; readonly data: ArrayLike<unknown> }): unknown[] {
  const { datatype } = tensor;
  if (datatype === "FP16" || datatype === "BF16")
    return [...toFloat32(tensor as Parameters<typeof toFloat32>[0])];
  return Array.from(tensor.data, (value) => {
    if (value instanceof Uint8Array) return Buffer.from(value).toString();
    if (datatype === "BOOL") return value === 1;
    return typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
  });
}

describe("the page's binary tensors", () => {
  it.each(CASES)("of $datatype are read by the server as they were meant", (tensor) => {
    const { bytes, jsonLength } = encodeBinary([tensor]);
    const { tensors, binaryOutput } = decodeV2Request(bytes, jsonLength, DEFAULT_LIMITS);
    expect(leaves(tensors["x"] as never)).toEqual(tensor.data);
    expect(binaryOutput).toBe(true);
  });

  it.each(CASES)("of $datatype are read as the server wrote them", (tensor) => {
    const request = encodeBinary([tensor]);
    const decoded = decodeV2Request(request.bytes, request.jsonLength, DEFAULT_LIMITS);
    const answer = encodeV2Response(
      {
        modelName: "m",
        modelVersion: undefined,
        id: "1",
        tensors: [{ name: "x", ...decoded.tensors["x"] } as never],
      },
      decoded,
      { nonFinite: "null" },
    );
    const bytes = Buffer.concat([Buffer.from(answer.head), ...answer.tail]);
    const body = decodeBinary(bytes, answer.jsonLength as number);
    expect(body).toMatchObject({ outputs: [{ name: "x", shape: tensor.shape, data: tensor.data }] });
  });

  it("round 16 bit floats as the contract does", () => {
    const values = [1 / 3, 1e-7, 70_000, -2049.5, 6e-5, 0.1];
    const { bytes, jsonLength } = encodeBinary([{ name: "x", datatype: "FP16", shape: [6], data: values }]);
    const { tensors } = decodeV2Request(bytes, jsonLength, DEFAULT_LIMITS);
    expect(tensors["x"]?.data).toEqual(fromFloat32("FP16", [6], Float32Array.from(values)).data);
  });
});
