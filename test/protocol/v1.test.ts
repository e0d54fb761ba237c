import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DATATYPES, type Datatype } from "../../contract/datatype.ts";
import { bf16ToNumber, fp16ToNumber } from "../../contract/half.ts";
import { type Tensor, strings } from "../../contract/tensor.ts";
import { DEFAULT_LIMITS } from "../../protocol/limits.ts";
import { decodeV1Request, decodeV1Response, encodeV1Request, encodeV1Response } from "../../protocol/v1.ts";
import { anyText } from "../contract/texts.ts";
import { tensorOf } from "./arbitraries.ts";
import { bytesOf, json, refusal } from "./bodies.ts";

/** The elements that JSON has for a tensor: numbers (BigInt beyond 2^53), flags, texts. */
function plainElements({ datatype, data }: Tensor): unknown[] {
  const list = Array.from(data as ArrayLike<unknown>);
  switch (datatype) {
    case "BOOL":
      return list.map((flag) => flag === 1);
    case "FP16":
      return list.map((half) => fp16ToNumber(half as number));
    case "BF16":
      return list.map((half) => bf16ToNumber(half as number));
    case "INT64":
    case "UINT64":
      return list.map((long) => (Number.isSafeInteger(Number(long)) ? Number(long) : long));
    case "BYTES":
      return strings({ datatype, shape: [list.length], data: data as Uint8Array[] });
    default:
      return list;
  }
}

/** The values of nested lists: floats as the datatype has them, which were printed short and may be whole. */
function flatten(value: unknown, datatype: Datatype): unknown[] {
  if (Array.isArray(value)) return value.flatMap((part) => flatten(part, datatype));
  if (datatype === "FP16" || datatype === "FP64") return [Number(value)];
  return [datatype === "FP32" || datatype === "BF16" ? Math.fround(Number(value)) : value];
}

describe.each(DATATYPES)("a tensor of %s", (datatype) => {
  it("arrives as it was sent: as an instance, and as predictions", () => {
    fc.assert(
      fc.property(tensorOf(datatype, { beyondJson: false }), (made) => {
        const expected = plainElements(made);
        const { instances } = decodeV1Request(bytesOf(encodeV1Request([made])), DEFAULT_LIMITS);
        expect(flatten(instances, datatype)).toEqual(expected);
        const prediction = { kind: "tensors", tensors: [{ name: "y", ...made }] } as const;
        const body = encodeV1Response(prediction, "predict", { nonFinite: "error" });
        const { predictions } = decodeV1Response(bytesOf(body)) as { predictions: unknown };
        expect(flatten(predictions, datatype)).toEqual(expected);
      }),
    );
  });
});

describe("plain values", () => {
  const leaf = fc.oneof(
    fc.constantFrom(null, true, false, -0, 2n ** 53n, -(2n ** 64n)),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true, max: 2 ** 53 - 1, min: -(2 ** 53) + 1 }),
    anyText({ maxLength: 5 }),
  );
  const { value: values } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie("value"), { maxKeys: 3 }),
    ),
  }));

  it("arrive as they were sent, as instances, as parameters and as predictions", () => {
    fc.assert(
      fc.property(fc.array(values, { maxLength: 4 }), values, (list, parameter) => {
        const body = bytesOf(encodeV1Request(list, { p: parameter }));
        const read = decodeV1Request(body, DEFAULT_LIMITS);
        expect(read.instances).toStrictEqual(plain(list));
        expect(read.parameters["p"]).toStrictEqual(plain(parameter));
        const answer = encodeV1Response({ kind: "array", values: list }, "predict", { nonFinite: "error" });
        expect(decodeV1Response(bytesOf(answer))).toStrictEqual({ predictions: plain(list) });
      }),
      { numRuns: 300 },
    );
  });
});

/** The same value with objects of the usual prototype. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}

describe("a V1 answer", () => {
  it("is whatever JSON the server sent, with exact integers", () => {
    expect(decodeV1Response(json('{"predictions":[9007199254740993,1]}'))).toEqual({
      predictions: [9007199254740993n, 1],
    });
    expect(decodeV1Response(json("5"))).toBe(5);
  });

  it.each([
    ["is no JSON", "<html>", "Unrecognized request format"],
    ["nests too deep", "[".repeat(100) + "]".repeat(100), "the JSON nests deeper than 64 levels"],
  ])("that %s is the server's fault", (_case, text, problem) => {
    const error = refusal(() => decodeV1Response(json(text)));
    expect(error).toMatchObject({ code: "KTS_SERVER_ANSWERED", status: 502 });
    expect(error.message).toContain(`The server's answer is no V1 answer: ${problem}`);
  });
});
