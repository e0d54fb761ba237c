import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../../protocol/limits.ts";
import { decodeV2Request } from "../../../protocol/v2.ts";
import { json, refusal } from "../bodies.ts";

const decode = (value: unknown, jsonLength?: number) =>
  decodeV2Request(json(value), jsonLength, DEFAULT_LIMITS);
const X = { name: "x", shape: [2], datatype: "FP32", data: [1, 2] };

/** A request with one input, some members of it changed. */
const withInput = (members: object) => ({ inputs: [{ ...X, ...members }] });
describe("a V2 request that would take too much", () => {
  const limits = { maxDepth: 8, maxTensorBytes: 1000 };
  const decodeWithin = (value: unknown) => decodeV2Request(json(value), undefined, limits);

  it("is 413 where a tensor is too large, and names it", () => {
    const most = withInput({ shape: [250], data: Array(250).fill(1) });
    expect(decodeWithin(most).tensors["x"]?.data).toHaveLength(250);
    const error = refusal(() => decodeWithin(withInput({ shape: [251], data: Array(251).fill(1) })));
    expect(error).toMatchObject({ code: "KTS_BODY_TOO_LARGE", status: 413 });
    expect(error.message).toContain("inputs[0]");
    const texts = withInput({ datatype: "BYTES", shape: [10], data: Array(10).fill("") });
    expect(refusal(() => decodeWithin(texts)).status).toBe(413);
  });

  it("is 413 where its arrays are too many", () => {
    const rows = { ...withInput({ shape: [100, 0], data: Array(100).fill([]) }) };
    expect(refusal(() => decodeWithin(rows))).toMatchObject({ code: "KTS_BODY_TOO_LARGE", status: 413 });
  });

  it("is 400 where it nests too deep, or has too many dimensions", () => {
    const deep = (levels: number) => {
      let data: unknown = 1;
      for (let level = 0; level < levels; level++) data = [data];
      return withInput({ shape: Array(levels).fill(1), data });
    };
    const loose = { ...limits, maxTensorBytes: 1_000_000 };
    expect(decodeV2Request(json(deep(8)), undefined, loose).tensors["x"]?.shape).toHaveLength(8);
    expect(refusal(() => decodeV2Request(json(deep(9)), undefined, loose)).message).toBe(
      "inputs[0].shape: expected at most 8 dimensions, got 9",
    );
    const flat = { ...deep(9).inputs[0], shape: [1] };
    expect(refusal(() => decodeV2Request(json({ inputs: [flat] }), undefined, loose)).message).toBe(
      "inputs[0].data: nests deeper than 8 levels",
    );
  });

  it("allocates nothing for a shape that its data does not fill", () => {
    for (const datatype of ["FP64", "INT64", "BYTES", "BOOL"]) {
      const before = process.memoryUsage();
      const shape = [2 ** 31, 2 ** 20];
      expect(refusal(() => decode(withInput({ datatype, shape, data: [1] }))).path).toBe("inputs[0].data");
      const after = process.memoryUsage();
      expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(1_000_000);
    }
  });
});

describe("a V2 request that nests deep where nobody looks", () => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  it.each([
    [
      "its data",
      `{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":${deep}}]}`,
      /^inputs\[0\].data: /,
    ],
    [
      "a row of its data",
      `{"inputs":[{"name":"x","shape":[2],"datatype":"FP32","data":[1,${deep}]}]}`,
      /^inputs\[0\].data\[1\]: /,
    ],
    [
      "an integer's row",
      `{"inputs":[{"name":"x","shape":[2],"datatype":"INT64","data":[1,${deep}]}]}`,
      /nests deeper/,
    ],
    ["its inputs", `{"inputs":${deep}}`, /^inputs\[0\]: /],
    ["its name", `{"inputs":[{"name":${deep}}]}`, /^inputs\[0\].name: /],
    ["a parameter", `{"inputs":[],"parameters":{"p":${deep}}}`, /^parameters.p: /],
    [
      "objects",
      `{"inputs":[{"name":${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}}]}`,
      /^inputs\[0\].name: /,
    ],
    [
      "a member beside long integers",
      `{"z":${deep},"inputs":[{"name":"x","shape":[1],"datatype":"INT64","data":[9007199254740993]}]}`,
      /nests deeper than 64 levels/,
    ],
  ])("as in %s is refused, quickly", (_case, body, message) => {
    const error = refusal(() => decode(body));
    expect(error.status).toBe(400);
    expect(error.message).toMatch(message);
  });
});
