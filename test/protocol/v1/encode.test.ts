import { describe, expect, it } from "vitest";
import type { NamedTensor, Prediction, Verb } from "../../../contract/inference.ts";
import { tensor } from "../../../contract/tensor.ts";
import type { EncodeOptions } from "../../../protocol/body.ts";
import { encodeV1Request, encodeV1Response } from "../../../protocol/v1.ts";
import { bytesOf, refusal } from "../bodies.ts";

function answer(
  prediction: Prediction,
  verb: Verb = "predict",
  nonFinite: EncodeOptions["nonFinite"] = "null",
): string {
  return bytesOf(encodeV1Response(prediction, verb, { nonFinite })).toString();
}

const tensors = (...list: NamedTensor[]): Prediction => ({ kind: "tensors", tensors: list });
const A: NamedTensor = { name: "a", ...tensor("FP32", [2, 2], [1, 2.5, 3, 4]) };
const B: NamedTensor = { name: 'b"', ...tensor("BYTES", [2], ["x", Uint8Array.of(255)]) };

describe("a V1 answer", () => {
  it("has the values of one output as its predictions, or its explanations", () => {
    expect(answer(tensors(A))).toBe('{"predictions":[[1,2.5],[3,4]]}');
    expect(answer(tensors(A), "explain")).toBe('{"explanations":[[1,2.5],[3,4]]}');
    expect(answer(tensors({ name: "s", ...tensor("INT8", [], [5]) }))).toBe('{"predictions":5}');
    expect(answer(tensors())).toBe('{"predictions":[]}');
  });

  it("has an object an instance where there are several outputs", () => {
    expect(answer(tensors(A, B))).toBe(
      '{"predictions":[{"a":[1,2.5],"b\\"":"x"},{"a":[3,4],"b\\"":{"b64":"/w=="}}]}',
    );
    const none = { name: "a", ...tensor("FP32", [0, 2], []) };
    expect(answer(tensors(none, { ...none, name: "b" }))).toBe('{"predictions":[]}');
  });

  it("has one object with all of each output where these have no first dimension in common", () => {
    const one = { name: "one", ...tensor("INT8", [1], [7]) };
    const scalar = { name: "s", ...tensor("BOOL", [], [true]) };
    expect(answer(tensors(A, one))).toBe('{"predictions":{"a":[[1,2.5],[3,4]],"one":[7]}}');
    expect(answer(tensors(scalar, scalar))).toBe('{"predictions":{"s":true,"s":true}}');
    expect(answer(tensors(A, scalar))).toBe('{"predictions":{"a":[[1,2.5],[3,4]],"s":true}}');
  });

  it("has an array as its predictions, and is an object, a text or bytes as they are", () => {
    expect(answer({ kind: "array", values: [1, [2n ** 63n], { a: Int8Array.of(1) }] })).toBe(
      '{"predictions":[1,[9223372036854775808],{"a":[1]}]}',
    );
    expect(answer({ kind: "object", value: { a: [1], b: A } })).toBe('{"a":[1],"b":[[1,2.5],[3,4]]}');
    const text = encodeV1Response({ kind: "text", text: "é" }, "predict", { nonFinite: "null" });
    expect(text).toMatchObject({
      contentType: "text/plain; charset=utf-8",
      head: "é",
      tail: [],
      jsonLength: undefined,
    });
    const bytes = Uint8Array.of(1, 255);
    const raw = encodeV1Response({ kind: "bytes", bytes }, "predict", { nonFinite: "null" });
    expect(raw).toMatchObject({ contentType: "application/octet-stream", head: "", jsonLength: undefined });
    expect(raw.tail[0]).toBe(bytes);
  });

  it("is application/json, without parameters, which KServe's clients compare it with", () => {
    expect(encodeV1Response(tensors(A), "predict", { nonFinite: "null" })).toMatchObject({
      contentType: "application/json",
      jsonLength: undefined,
    });
  });

  it("says NaN and infinities by the server's policy", () => {
    const odd = tensors({ name: "y", ...tensor("FP32", [3], [NaN, Infinity, -0]) });
    const values: Prediction = { kind: "array", values: [NaN, Infinity, -0] };
    for (const prediction of [odd, values]) {
      expect(answer(prediction)).toBe('{"predictions":[null,null,-0.0]}');
      expect(answer(prediction, "predict", "string")).toBe('{"predictions":["NaN","Infinity",-0.0]}');
    }
  });

  const nan = (name: string, shape: number[], place: number): NamedTensor => {
    const count = shape.reduce((product, length) => product * length, 1);
    return { name, ...tensor("FP32", shape, new Float32Array(count).fill(NaN, place, place + 1)) };
  };
  it.each<[string, Prediction]>([
    ["predictions[1][0]", tensors(nan("y", [2, 2], 2))],
    ["predictions", tensors(nan("y", [], 0))],
    ["predictions[1].y[0]", tensors(A, nan("y", [2, 2], 2))],
    ["predictions[1].y", tensors(A, nan("y", [2], 1))],
    ["predictions.y[2]", tensors(A, nan("y", [3], 2))],
    ["predictions[0].a[1]", { kind: "array", values: [{ a: [1, NaN] }] }],
    ["a.b", { kind: "object", value: { a: { b: NaN } } }],
  ])("names the place %s of what JSON cannot say", (path, prediction) => {
    const error = refusal(() => answer(prediction, "predict", "error"));
    expect(error).toMatchObject({ code: "KTS_BAD_PREDICTION", status: 500 });
    expect(error.message).toBe(`${path}: JSON has no NaN`);
  });

  it("is the predictor's fault where elements do not fill their shape", () => {
    const short: NamedTensor = { name: "y", datatype: "INT8", shape: [2], data: Int8Array.of(1) };
    expect(refusal(() => answer(tensors(A, short)))).toMatchObject({
      code: "KTS_BAD_PREDICTION",
      message: "output y has 1 elements, which do not make the shape [2]",
    });
  });
});

describe("a V1 request", () => {
  it("has its instances, and further members", () => {
    const body = encodeV1Request([1, [2n ** 60n], { image: Uint8Array.of(1) }], {
      signature: "s",
      none: undefined,
    });
    expect(body).toMatchObject({ contentType: "application/json", jsonLength: undefined });
    expect(bytesOf(body).toString()).toBe(
      '{"instances":[1,[1152921504606846976],{"image":{"b64":"AQ=="}}],"signature":"s"}',
    );
  });

  it("has tensors and typed arrays as lists", () => {
    expect(bytesOf(encodeV1Request([A, Float64Array.of(0.1)])).toString()).toBe(
      '{"instances":[[[1,2.5],[3,4]],[0.1]]}',
    );
  });

  it("is not overruled by a parameter called instances", () => {
    expect(bytesOf(encodeV1Request([1], { instances: [2], 'a"': 3 })).toString()).toBe(
      '{"instances":[1],"a\\"":3}',
    );
  });

  it("is refused where JSON cannot say a value", () => {
    expect(refusal(() => encodeV1Request([1, [NaN]]))).toMatchObject({
      code: "KTS_INVALID_INPUT",
      message: "instances[1][0]: JSON has no NaN",
    });
    expect(refusal(() => encodeV1Request([], { p: { a: Infinity } })).message).toBe(
      "p.a: JSON has no Infinity",
    );
  });
});
