import { describe, expect, it } from "vitest";
import { fromFloat32 } from "../../../contract/half.ts";
import type { NamedTensor } from "../../../contract/inference.ts";
import { tensor } from "../../../contract/tensor.ts";
import { type RequestedOutput, encodeV2Request, encodeV2Response } from "../../../protocol/v2.ts";
import { bytesOf, refusal } from "../bodies.ts";

const Y: NamedTensor = { name: "y", ...tensor("INT64", [2], [1n, 2n]) };
const Z: NamedTensor = { name: "z", ...tensor("FP32", [1, 2], [0.5, -0]) };

function answer(
  tensors: readonly NamedTensor[],
  outputs?: readonly RequestedOutput[],
  binaryOutput = false,
): { text: string; jsonLength: number | undefined; bytes: Buffer } {
  const response = { modelName: "m", modelVersion: undefined, id: "i", tensors };
  const body = encodeV2Response(response, { outputs, binaryOutput }, { nonFinite: "null" });
  const bytes = bytesOf(body);
  return { text: bytes.toString("latin1", 0, body.jsonLength), jsonLength: body.jsonLength, bytes };
}

describe("a V2 answer", () => {
  it("is byte by byte what the KServe Python server writes", () => {
    expect(answer([Y])).toMatchObject({
      text:
        '{"model_name":"m","model_version":null,"id":"i","parameters":null,' +
        '"outputs":[{"name":"y","shape":[2],"datatype":"INT64","parameters":null,"data":[1,2]}]}',
      jsonLength: undefined,
    });
  });

  it("says its version, and strange names", () => {
    const response = { modelName: 'm"', modelVersion: "2", id: "\n", tensors: [{ ...Y, name: "\u0000é" }] };
    const body = encodeV2Response(
      response,
      { outputs: undefined, binaryOutput: false },
      { nonFinite: "null" },
    );
    expect(JSON.parse(bytesOf(body).toString())).toMatchObject({
      model_name: 'm"',
      model_version: "2",
      id: "\n",
      outputs: [{ name: "\u0000é" }],
    });
  });

  it("has its binary tensors behind the JSON, in order, and says each one's size", () => {
    const { text, jsonLength, bytes } = answer([Z, Y], undefined, true);
    expect(text).toBe(
      '{"id":"i","model_name":"m","model_version":null,"outputs":[' +
        '{"name":"z","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}},' +
        '{"name":"y","shape":[2],"datatype":"INT64","parameters":{"binary_data_size":16}}]}',
    );
    expect(bytes.subarray(jsonLength).toString("hex")).toBe(
      "0000003f00000080" + "0100000000000000" + "0200000000000000",
    );
  });

  it("may be part JSON, part binary; an output that is listed without a form is JSON", () => {
    const outputs = [
      { name: "y", binary: undefined },
      { name: "z", binary: true },
    ];
    const { text, bytes, jsonLength } = answer([Z, Y], outputs, true);
    expect(text).toContain('{"name":"y","shape":[2],"datatype":"INT64","data":[1,2]},{"name":"z",');
    expect(bytes.length - (jsonLength as number)).toBe(8);
    expect(answer([Z, Y], [{ name: "y", binary: undefined }], true).jsonLength).toBeUndefined();
  });

  it("counts the JSON's bytes, not its characters, also where there are many numbers", () => {
    const many = { name: "日本", ...tensor("INT32", [20_000], new Int32Array(20_000).fill(1234567)) };
    const { bytes, jsonLength } = answer(
      [many, Z],
      [
        { name: "日本", binary: false },
        { name: "z", binary: true },
      ],
    );
    const head = JSON.parse(bytes.toString("utf8", 0, jsonLength)) as { outputs: [{ data: number[] }] };
    expect(head.outputs[0].data).toHaveLength(20_000);
    expect(bytes.length - (jsonLength as number)).toBe(8);
  });

  it("writes halves as numbers, and texts as texts", () => {
    const tensors = [
      { name: "h", ...fromFloat32("FP16", [2], [0.5, -2]) },
      { name: "b", ...fromFloat32("BF16", [1], [0.1]) },
      { name: "t", ...tensor("BYTES", [1], ["日"]) },
      { name: "s", ...tensor("BOOL", [], [true]) },
    ];
    const { bytes } = answer(tensors);
    const { outputs } = JSON.parse(bytes.toString()) as { outputs: { data: unknown }[] };
    expect(outputs.map(({ data }) => data)).toEqual([[0.5, -2], [0.100097656], ["日"], [true]]);
  });

  it("is refused for an output that is not there, in KServe's words", () => {
    const error = refusal(() =>
      answer(
        [Y],
        [
          { name: "y", binary: true },
          { name: "nope", binary: true },
        ],
      ),
    );
    expect(error).toMatchObject({ status: 400, message: "Unexpected inference output 'nope' for model 'm'" });
    expect(refusal(() => answer([Y], [{ name: "n".repeat(1e5), binary: true }])).message.length).toBeLessThan(
      300,
    );
  });

  it("is refused for BYTES as JSON that are no text, which the caller can have in binary form", () => {
    const made = { name: "b", ...tensor("BYTES", [2], ["a", Uint8Array.of(0xff)]) };
    const error = refusal(() => answer([Y, made]));
    expect(error.status).toBe(400);
    expect(error.message).toMatch(/^outputs\[1\]\.data\[1\]: 1 bytes are not UTF-8 text.*binary_data/);
    expect(answer([made], undefined, true).bytes.subarray(-5).toString("hex")).toBe("01000000ff");
  });

  it("is the predictor's fault where elements do not fill their shape, in either form", () => {
    const short = { name: "y", datatype: "FP32", shape: [3], data: Float32Array.of(1) } as const;
    const endless = { ...short, shape: [2 ** 53, 2 ** 53, 0], data: new Float32Array(0) };
    for (const binary of [true, false]) {
      const error = refusal(() => answer([Z, short], undefined, binary));
      expect(error).toMatchObject({
        code: "KTS_BAD_PREDICTION",
        message: "output y has 1 elements, which do not make the shape [3]",
      });
      expect(() => answer([endless], undefined, binary)).not.toThrow();
    }
  });
});

describe("a V2 request", () => {
  const written = (request: Parameters<typeof encodeV2Request>[0]) =>
    bytesOf(encodeV2Request(request)).toString();

  it("says no more than it has to", () => {
    expect(written({ tensors: { x: Z }, binary: false })).toBe(
      '{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[0.5,-0.0]}]}',
    );
  });

  it("says its id, parameters and outputs", () => {
    const request = {
      id: "a",
      parameters: { p: 1 },
      tensors: { x: Y },
      outputs: [
        { name: "y", binary: true },
        { name: "z", binary: undefined },
      ],
      binary: false,
      binaryOutput: true,
    };
    expect(JSON.parse(written(request))).toEqual({
      id: "a",
      parameters: { p: 1, binary_data_output: true },
      inputs: [{ name: "x", shape: [2], datatype: "INT64", data: [1, 2] }],
      outputs: [{ name: "y", parameters: { binary_data: true } }, { name: "z" }],
    });
  });

  it("calls a tensor by its key, though it has a name of its own, as an answer's tensors do", () => {
    expect(written({ tensors: { x: Y }, binary: false })).toContain('"name":"x"');
  });

  it("is refused where JSON cannot say a value", () => {
    const x = tensor("FP64", [2], [1, NaN]);
    const error = refusal(() => encodeV2Request({ tensors: { x }, binary: false }));
    expect(error).toMatchObject({ code: "KTS_INVALID_INPUT", message: "inputs[0].data[1]: JSON has no NaN" });
    expect(() => encodeV2Request({ tensors: { x }, binary: true })).not.toThrow();
    const parameters = { p: Infinity };
    expect(refusal(() => encodeV2Request({ tensors: {}, parameters, binary: true })).message).toBe(
      "parameters.p: JSON has no Infinity",
    );
  });

  it("is refused where elements do not fill their shape, before the server has to say so", () => {
    const x = { datatype: "FP32", shape: [3], data: Float32Array.of(1) } as const;
    for (const binary of [true, false]) {
      expect(refusal(() => encodeV2Request({ tensors: { x }, binary }))).toMatchObject({
        code: "KTS_INVALID_INPUT",
        message: "input x has 1 elements, which do not make the shape [3]",
      });
    }
  });
});
