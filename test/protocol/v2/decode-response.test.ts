import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Datatype } from "../../../contract/datatype.ts";
import { fromFloat32 } from "../../../contract/half.ts";
import type { NamedTensor } from "../../../contract/inference.ts";
import { type Tensor, strings, tensor } from "../../../contract/tensor.ts";
import { DEFAULT_LIMITS } from "../../../protocol/limits.ts";
import { decodeV2Response, encodeV2Response } from "../../../protocol/v2.ts";
import { expectSame } from "../arbitraries.ts";
import { bytesOf, json, refusal } from "../bodies.ts";

const decode = (value: unknown, jsonLength?: number) =>
  decodeV2Response(json(value), jsonLength, DEFAULT_LIMITS);
const OUTPUT = { name: "y", shape: [2], datatype: "FP32", data: [1, 2] };
const ANSWER = { model_name: "m", outputs: [OUTPUT] };

describe("a V2 answer", () => {
  it("is read with all that it says", () => {
    const answer = { ...ANSWER, model_version: "2", id: "a", parameters: { p: 1 } };
    expect(decode(answer)).toEqual({
      modelName: "m",
      modelVersion: "2",
      id: "a",
      parameters: { p: 1 },
      tensors: [{ name: "y", datatype: "FP32", shape: [2], data: Float32Array.of(1, 2) }],
    });
  });

  it("may leave out what is optional, or say null", () => {
    const bare = { modelName: "m", modelVersion: undefined, id: undefined, parameters: {} };
    expect(decode(ANSWER)).toMatchObject(bare);
    expect(decode({ ...ANSWER, model_version: null, id: null, parameters: null })).toMatchObject(bare);
    expect(decode({ ...ANSWER, outputs: [] }).tensors).toEqual([]);
  });

  it.each<[Datatype, NamedTensor["data"]]>([
    ["FP64", Float64Array.of(1, NaN, Infinity, -Infinity)],
    ["FP32", Float32Array.of(1, NaN, Infinity, -Infinity)],
    ["FP16", Uint16Array.of(0x3c00, 0x7e00, 0x7c00, 0xfc00)],
    ["BF16", Uint16Array.of(0x3f80, 0x7fc0, 0x7f80, 0xff80)],
  ])("of %s has NaN and infinities where the server wrote words or null for them", (datatype, data) => {
    const words = [1, "NaN", "Infinity", "-Infinity"];
    const read = (shape: number[], values: unknown) =>
      decode({ ...ANSWER, outputs: [{ ...OUTPUT, datatype, shape, data: values }] }).tensors[0]?.data;
    expect(read([4], words)).toEqual(data);
    expect(read([2, 2], [words.slice(0, 2), words.slice(2)])).toEqual(data);
    const padding = Array(2000).fill(0) as number[];
    expect((read([2004], [...words, ...padding]) as Float64Array).subarray(0, 4)).toEqual(data);
    expect(read([1], [null])).toEqual(data.slice(1, 2));
  });

  it("says NaN and infinities as our own server writes them", () => {
    const tensors = [
      { name: "a", ...tensor("FP32", [3], [NaN, Infinity, -Infinity]) },
      { name: "b", ...fromFloat32("BF16", [2], [NaN, -Infinity]) },
    ];
    const response = { modelName: "m", modelVersion: undefined, id: "1", tensors };
    const all = { outputs: undefined, binaryOutput: false };
    const body = encodeV2Response(response, all, { nonFinite: "string" });
    const read = decodeV2Response(bytesOf(body), undefined, DEFAULT_LIMITS).tensors;
    tensors.forEach((made, index) => expectSame(read[index] as NamedTensor, made));
  });

  it("has no words in other datatypes, and no other words", () => {
    const read = (datatype: string, data: unknown[]) => () =>
      decode({ ...ANSWER, outputs: [{ name: "y", shape: [1], datatype, data }] });
    for (const call of [
      read("INT32", ["NaN"]),
      read("INT64", [null]),
      read("BOOL", [null]),
      read("FP32", ["nan"]),
      read("FP32", ["1"]),
      read("FP32", [[null]]),
    ]) {
      expect(refusal(call)).toMatchObject({ code: "KTS_SERVER_ANSWERED" });
    }
    const text = { name: "y", shape: [1], datatype: "BYTES", data: ["NaN"] };
    expect(strings(decode({ ...ANSWER, outputs: [text] }).tensors[0] as Tensor<"BYTES">)).toEqual(["NaN"]);
  });

  it.each<[string, unknown, string]>([
    ["is no JSON", "<html>", "Unrecognized request format"],
    ["is an error", { error: "no" }, "outputs: expected an array of tensors, got nothing"],
    ["is a list", [], "expected a JSON object, got an array of 0"],
    ["has no model", { outputs: [OUTPUT] }, "model_name: expected a name, got nothing"],
    ["has outputs that are no list", { ...ANSWER, outputs: {} }, "outputs: expected an array of tensors"],
    [
      "has an output without data",
      { ...ANSWER, outputs: [{ ...OUTPUT, data: undefined }] },
      "outputs[0].data: 'data' field is missing for output 'y'",
    ],
    ["has a number for an id", { ...ANSWER, id: 1 }, "id: expected a string, got the number 1"],
    [
      "has too few elements",
      { ...ANSWER, outputs: [{ ...OUTPUT, data: [1] }] },
      "outputs[0].data: expected 2 elements",
    ],
    [
      "has a size and no binary part",
      { ...ANSWER, outputs: [{ ...OUTPUT, data: undefined, parameters: { binary_data_size: 8 } }] },
      "outputs[0].parameters.binary_data_size: the body has no binary part",
    ],
  ])("that %s is the server's fault, and says so", (_case, answer, problem) => {
    const error = refusal(() => decode(answer));
    expect(error).toMatchObject({ code: "KTS_SERVER_ANSWERED", status: 502 });
    const start = `The server's answer is no V2 answer: ${problem}`;
    expect(error.message.slice(0, start.length)).toBe(start);
    expect(error.cause).toBeInstanceOf(Error);
  });

  it("never overflows the stack, however deep it nests", () => {
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    for (const data of [`[1,${deep}]`, `[[1],${deep}]`, deep]) {
      const text = `{"model_name":"m","outputs":[{"name":"y","shape":[2],"datatype":"FP32","data":${data}}]}`;
      expect(refusal(() => decode(text)).code).toBe("KTS_SERVER_ANSWERED");
    }
  });

  it("is an answer or an error of ours, whatever came", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json().map(json), fc.uint8Array()), fc.option(fc.nat(50)), (body, length) => {
        try {
          decodeV2Response(body, length ?? undefined, DEFAULT_LIMITS);
        } catch (error) {
          expect(error).toMatchObject({ code: "KTS_SERVER_ANSWERED" });
        }
      }),
    );
  });
});
