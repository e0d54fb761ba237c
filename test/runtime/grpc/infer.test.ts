import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ECHO, type TestServer, serveFolder, servePredictor } from "../serving.ts";
import { TestClient } from "./client.ts";
import { SAMPLES } from "./datatypes.ts";

let server: TestServer;
let client: TestClient;
beforeAll(async () => {
  server = await servePredictor(ECHO);
  client = new TestClient(server.grpcPort);
});
afterAll(async () => {
  client[Symbol.dispose]();
  await server.stop();
});

const X = { name: "x", datatype: "FP32", shape: [2], contents: { fp32_contents: [1, 2] } };

describe("ModelInfer", () => {
  it.each(SAMPLES)("takes and gives $datatype raw", async ({ datatype, raw, count }) => {
    const answer = await client.infer({
      model_name: "m",
      inputs: [{ name: "x", datatype, shape: [count] }],
      raw_input_contents: [raw],
    });
    expect(answer).toMatchObject({
      model_name: "m",
      outputs: [
        {
          name: "x",
          datatype,
          shape: ["3"],
          parameters: { binary_data_size: { int64_param: String(raw.length) } },
        },
      ],
      raw_output_contents: [raw],
    });
    expect(answer["outputs"]).not.toHaveProperty("[0].contents");
  });

  it.each(SAMPLES.filter(({ typed }) => typed !== undefined))(
    "takes and gives $datatype typed",
    async ({ datatype, typed, count }) => {
      const input = { name: "x", datatype, shape: [count], contents: typed };
      const answer = await client.infer({ model_name: "m", inputs: [input] });
      const [[field, values] = ["", []]] = Object.entries(typed ?? {});
      expect(answer).not.toHaveProperty("raw_output_contents");
      const [output] = answer["outputs"] as { contents: Record<string, unknown[]> }[];
      expect(output).toMatchObject({ name: "x", datatype, shape: ["3"] });
      expect(output?.contents[field]?.map(plain)).toEqual(values.map(datatype === "FP32" ? single : plain));
    },
  );

  it.each([
    ["FP16", [2, 3]],
    ["FP32", []],
    ["INT64", [1, 1, 6]],
  ])("keeps the shape of a tensor of %s: %j", async (datatype, shape) => {
    const bytes = Buffer.alloc(shape.reduce((a, b) => a * b, 1) * { FP16: 2, FP32: 4, INT64: 8 }[datatype]!);
    const answer = await client.infer({
      model_name: "m",
      inputs: [{ name: "x", datatype, shape }],
      raw_input_contents: [bytes],
    });
    const [output] = answer["outputs"] as { shape?: string[] }[];
    expect(output?.shape ?? []).toEqual(shape.map(String));
  });

  it("echoes the request's id, and makes one where there is none", async () => {
    expect((await client.infer({ model_name: "m", id: "7", inputs: [X] }))["id"]).toBe("7");
    expect((await client.infer({ model_name: "m", inputs: [X] }))["id"]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("answers with the outputs asked for, in their order", async () => {
    const inputs = ["a", "b", "c"].map((name) => ({ ...X, name }));
    const outputs = [{ name: "c" }, { name: "a" }];
    const answer = await client.infer({ model_name: "m", inputs, outputs });
    expect(answer["outputs"]).toMatchObject([{ name: "c" }, { name: "a" }]);
  });

  it("answers all outputs raw when one is FP16, even to typed inputs", async () => {
    await using halves = await servePredictor(`
      export const execution = "inline";
      export const outputs = [{ name: "h", datatype: "FP16", shape: [-1] }, { name: "f", datatype: "FP32", shape: [-1] }];
      export const predict = () => ({ h: [1.5], f: [2] });
    `);
    using other = new TestClient(halves.grpcPort);
    const answer = await other.infer({ model_name: "m", inputs: [X] });
    expect(answer["raw_output_contents"]).toEqual([Buffer.of(0, 0x3e), Buffer.of(0, 0, 0, 0x40)]);
  });

  it("reaches the predictor with its id, metadata, parameters and protocol", async () => {
    await using telling = await servePredictor(`
      export const execution = "inline";
      export const predict = (_model, _input, { requestId, headers, parameters, protocol, verb }) =>
        [JSON.stringify({ requestId, headers, parameters, protocol, verb }, (_key, value) =>
          typeof value === "bigint" ? String(value) + "n" : value)];
    `);
    using other = new TestClient(telling.grpcPort);
    const { answer, metadata } = await other.call(
      "ModelInfer",
      {
        model_name: "m",
        inputs: [X],
        parameters: {
          flag: { bool_param: false },
          count: { int64_param: "-3" },
          huge: { int64_param: "-9223372036854775808" },
          text: { string_param: "ä" },
          share: { double_param: 0.25 },
          most: { uint64_param: "18446744073709551615" },
          ["__proto__"]: { int64_param: "1" },
        },
      },
      { metadata: { "x-request-id": "abc", "x-custom": "yes", "trace-bin": "\u0001\u0002" } },
    );
    const [output] = answer["outputs"] as { contents: { bytes_contents: Buffer[] } }[];
    expect(JSON.parse(String(output?.contents.bytes_contents[0]))).toEqual({
      requestId: "abc",
      headers: {
        "x-request-id": "abc",
        "x-custom": "yes",
        "trace-bin": "AQI=",
        "accept-encoding": "identity",
        "user-agent": expect.any(String),
      },
      parameters: {
        flag: false,
        count: -3,
        huge: "-9223372036854775808n",
        text: "ä",
        share: 0.25,
        most: "18446744073709551615n",
        ...(JSON.parse('{"__proto__":1}') as object),
      },
      protocol: "grpc-v2",
      verb: "predict",
    });
    expect(metadata.get("x-request-id")).toEqual(["abc"]);
  });

  it("runs in a worker as well, where large tensors are handed over and not copied", async () => {
    await using worker = await servePredictor("export const predict = (_model, input) => input;");
    using other = new TestClient(worker.grpcPort);
    const values = Float32Array.from({ length: 150_528 }, (_, index) => index / 7);
    const raw = Buffer.from(values.buffer);
    const inputs = [
      { name: "x", datatype: "FP32", shape: [values.length] },
      { name: "s", datatype: "BYTES", shape: [1] },
    ];
    const text = Buffer.from("\u0002\0\0\0hi");
    const request = { model_name: "m", inputs, raw_input_contents: [raw, text] };
    for (const answer of await Promise.all(Array.from({ length: 8 }, () => other.infer(request)))) {
      expect((answer["raw_output_contents"] as Buffer[])[0]?.equals(raw)).toBe(true);
      expect((answer["raw_output_contents"] as Buffer[])[1]).toEqual(text);
    }
  });

  it("runs a model file", async () => {
    const folder = new URL("../../fixtures/models/iris-onnx/model", import.meta.url).pathname;
    await using iris = await serveFolder(folder, { options: { modelName: "iris" } });
    using other = new TestClient(iris.grpcPort);
    const [spec] = iris.model.info.inputs;
    const answer = await other.infer({
      model_name: "iris",
      inputs: [{ ...X, name: spec?.name, shape: [1, 4], contents: { fp32_contents: [5.1, 3.5, 1.4, 0.2] } }],
    });
    expect((answer["outputs"] as { name: string }[]).map(({ name }) => name)).toEqual(
      iris.model.info.outputs.map(({ name }) => name),
    );
  });
});

describe("a wrong request", () => {
  it.each([
    ["names no model", { inputs: [X] }, 3, "model_name: expected a name, got an empty string"],
    ["has an unknown model", { model_name: "none", inputs: [X] }, 5, "Model with name none does not exist."],
    [
      "asks for a version where there are none",
      { model_name: "m", model_version: "2", inputs: [X] },
      12,
      "Model versioning not supported yet.",
    ],
    ["has no tensors", { model_name: "m" }, 3, "inputs: expected at least one tensor, got none"],
    [
      "has a nameless tensor",
      { model_name: "m", inputs: [{ ...X, name: "" }] },
      3,
      "inputs[0].name: expected a name, got an empty string",
    ],
    [
      "has a tensor twice",
      { model_name: "m", inputs: [X, X] },
      3,
      'inputs[1].name: the name "x" is given twice',
    ],
    [
      "has an unknown datatype",
      { model_name: "m", inputs: [{ ...X, datatype: "FP8" }] },
      3,
      'inputs[0].datatype: invalid datatype: expected BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, INT64, FP16, BF16, FP32, FP64 or BYTES, got the string "FP8"',
    ],
    [
      "has a negative length",
      { model_name: "m", inputs: [{ ...X, shape: [2, -1] }] },
      3,
      "inputs[0].shape[1]: expected a length (an integer of 0 or more), got -1",
    ],
    [
      "has too few elements",
      { model_name: "m", inputs: [{ ...X, shape: [3] }] },
      3,
      "inputs[0].contents.fp32_contents: expected 3 elements for shape [3], got 2",
    ],
    [
      "has elements of another datatype",
      { model_name: "m", inputs: [{ ...X, datatype: "INT32" }] },
      3,
      "inputs[0].contents: expected int_contents for INT32, got fp32_contents",
    ],
    [
      "has an element that does not fit",
      { model_name: "m", inputs: [{ ...X, datatype: "INT8", contents: { int_contents: [1, 128] } }] },
      3,
      "inputs[0].contents.int_contents: element 1 is 128, which INT8 does not hold",
    ],
    [
      "has FP16 typed",
      { model_name: "m", inputs: [{ ...X, datatype: "FP16" }] },
      3,
      "inputs[0].contents: FP16 has no typed contents, expected raw contents",
    ],
    [
      "has too short raw contents",
      { model_name: "m", inputs: [{ ...X, contents: undefined }], raw_input_contents: [Buffer.alloc(7)] },
      3,
      "raw_input_contents[0]: expected 8 bytes (2 elements of FP32), got 7",
    ],
    [
      "has raw contents that are not as many as its tensors",
      { model_name: "m", inputs: [X], raw_input_contents: [Buffer.alloc(8), Buffer.alloc(8)] },
      3,
      "the number of inputs (1) does not match the expected number of raw input contents (2) for model 'm'.",
    ],
    [
      "has typed and raw contents",
      { model_name: "m", inputs: [X], raw_input_contents: [Buffer.alloc(8)] },
      3,
      "contents field must not be specified when using raw_input_contents for input 'x' for model 'm'",
    ],
    [
      "asks for an output that is not there",
      { model_name: "m", inputs: [X], outputs: [{ name: "y" }] },
      3,
      "Unexpected inference output 'y' for model 'm'",
    ],
    [
      "has a parameter without a value",
      { model_name: "m", inputs: [X], parameters: { a: {} } },
      3,
      "parameters.a: expected bool_param, int64_param, string_param, double_param or uint64_param, got none",
    ],
    [
      "wants more memory than a tensor may have",
      { model_name: "m", inputs: [{ ...X, shape: [2 ** 40] }] },
      3,
      `inputs[0].contents.fp32_contents: expected ${2 ** 40} elements for shape [${2 ** 40}], got 2`,
    ],
  ])("that %s is told so", async (_case, request, code, message) => {
    const { error, status } = await client.call("ModelInfer", request);
    expect([error?.code, error?.details]).toEqual([code, message]);
    expect(status.code).toBe(code);
  });

  it("does not disturb the next one", async () => {
    expect((await client.call("ModelInfer", { model_name: "m" })).status.code).toBe(3);
    expect(await client.infer({ model_name: "m", inputs: [X] })).toHaveProperty("outputs");
  });
});

describe("a predictor's failure", () => {
  it.each([
    ['new TypeError("no such thing")', 13, "TypeError : no such thing"],
    ['new InvalidInput("too dark", { path: "inputs[0]" })', 3, "inputs[0]: too dark"],
    ['new HttpError(404, "no such key")', 5, "no such key"],
    ['new HttpError(403, "not yours: 100 %ä")', 7, "not yours: 100 %ä"],
    ['new HttpError(418, "a teapot")', 9, "a teapot"],
    ['new HttpError(599, "odd")', 2, "odd"],
  ])("%s has its status", async (thrown, code, message) => {
    await using failing = await servePredictor(`
      import { HttpError, InvalidInput } from "kserve-ts";
      export const execution = "inline";
      export const predict = () => { throw ${thrown}; };
    `);
    using other = new TestClient(failing.grpcPort);
    const { error } = await other.call("ModelInfer", { model_name: "m", inputs: [X] });
    expect([error?.code, error?.details]).toEqual([code, message]);
  });
});

/** What a client reads as text or as bytes is compared as one. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value);
  return value;
}

function single(value: unknown): number {
  return Math.fround(value as number);
}
