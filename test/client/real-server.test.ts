import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InferenceClient } from "../../client/index.ts";
import {
  DATATYPES,
  type NamedTensors,
  type Tensor,
  fromFloat32,
  strings,
  tensor,
  toFloat32,
} from "../../contract/index.ts";
import { ECHO, type TestServer, serveFolder, servePredictor } from "../runtime/serving.ts";
import { failureOf, handling } from "./fixed-server.ts";

/** Every datatype with its extremes; none of them is out of JSON's reach. */
const SAMPLES: NamedTensors = {
  BOOL: tensor("BOOL", [2], [true, false]),
  UINT8: tensor("UINT8", [2], [0, 255]),
  UINT16: tensor("UINT16", [2], [0, 65_535]),
  UINT32: tensor("UINT32", [2], [0, 4_294_967_295]),
  UINT64: tensor("UINT64", [3], [0n, 9_007_199_254_740_993n, 18_446_744_073_709_551_615n]),
  INT8: tensor("INT8", [2], [-128, 127]),
  INT16: tensor("INT16", [2], [-32_768, 32_767]),
  INT32: tensor("INT32", [2], [-2_147_483_648, 2_147_483_647]),
  INT64: tensor(
    "INT64",
    [3],
    [-9_223_372_036_854_775_808n, 9_007_199_254_740_993n, 9_223_372_036_854_775_807n],
  ),
  FP16: fromFloat32("FP16", [3], [0.1, -65_504, 6e-8]),
  BF16: fromFloat32("BF16", [2], [0.1, -3e38]),
  FP32: tensor("FP32", [2, 2], [0.1, -3.4e38, 1e-45, -0]),
  FP64: tensor("FP64", [2], [0.1, 5e-324]),
  BYTES: tensor("BYTES", [3], ["", "zwölf", '"\\\n']),
};

/** What only binary tensors can say. */
const BINARY_ONLY: NamedTensors = {
  FP16: { datatype: "FP16", shape: [3], data: new Uint16Array([0x7e00, 0x7c00, 0xfc00]) },
  BF16: { datatype: "BF16", shape: [3], data: new Uint16Array([0x7fc0, 0x7f80, 0xff80]) },
  FP32: tensor("FP32", [3], [NaN, Infinity, -Infinity]),
  FP64: tensor("FP64", [3], [NaN, Infinity, -Infinity]),
  BYTES: tensor("BYTES", [2], [new Uint8Array([0xff, 0xfe]), new Uint8Array([0xc3])]),
};

describe("an echo", () => {
  let server: TestServer;
  let client: InferenceClient;
  beforeAll(async () => {
    server = await servePredictor(ECHO);
    client = new InferenceClient(server.url);
  });
  afterAll(async () => {
    client.close();
    await server.stop();
  });

  it("has samples of every datatype", () => {
    expect(Object.keys(SAMPLES)).toEqual(expect.arrayContaining([...DATATYPES]));
    for (const [name, { datatype }] of Object.entries(SAMPLES)) expect(datatype).toBe(name);
  });

  it.each(
    DATATYPES.flatMap(
      (datatype) =>
        [
          [datatype, "binary", true],
          [datatype, "JSON", false],
        ] as const,
    ),
  )("gives %s back as it came, in %s", async (datatype, _form, binary) => {
    const sent = SAMPLES[datatype] as Tensor;
    const { outputs, modelName, modelVersion } = await client.infer("m", { x: sent }, { binary });
    expect({ modelName, modelVersion }).toEqual({ modelName: "m", modelVersion: undefined });
    expect(Object.keys(outputs)).toEqual(["x"]);
    expect(outputs["x"]).toEqual(sent);
  });

  it.each(Object.entries(BINARY_ONLY))(
    "gives %s back where only binary can say it",
    async (_datatype, sent) => {
      expect((await client.infer("m", { x: sent })).outputs["x"]).toEqual(sent);
      expect(await failureOf(client.infer("m", { x: sent }, { binary: false }))).toMatchObject({
        code: "KTS_INVALID_INPUT",
      });
    },
  );

  it.each([true, false])("gives all of them back at once, in their order (binary: %s)", async (binary) => {
    const { outputs, id } = await client.infer("m", SAMPLES, { binary, id: "id 7" });
    expect(id).toBe("id 7");
    expect(Object.keys(outputs)).toEqual(Object.keys(SAMPLES));
    expect({ ...outputs }).toEqual(SAMPLES);
  });

  it.each([true, false])(
    "gives the outputs that are asked for, in that order (binary: %s)",
    async (binary) => {
      const outputs = ["FP32", "BOOL", "BYTES"];
      const answer = await client.infer("m", SAMPLES, { binary, outputs });
      expect(Object.keys(answer.outputs)).toEqual(outputs);
      expect(strings(answer.outputs["BYTES"] as Tensor<"BYTES">)).toEqual(["", "zwölf", '"\\\n']);
      const error = await failureOf(client.infer("m", SAMPLES, { binary, outputs: ["none"] }));
      expect(error).toMatchObject({ code: "KTS_SERVER_ANSWERED", status: 400 });
      expect(error.message).toBe("The server answered 400: Unexpected inference output 'none' for model 'm'");
    },
  );

  it("gives a tensor of megabytes back", async () => {
    const data = Float32Array.from({ length: 1_000_003 }, (_, index) => index / 3);
    for (const binary of [true, false]) {
      const { outputs } = await client.infer("m", { x: tensor("FP32", [data.length], data) }, { binary });
      expect(outputs["x"]?.data).toEqual(data);
    }
  });

  it("gives empty tensors and scalars back", async () => {
    const sent = { none: tensor("FP32", [0, 4], []), one: tensor("INT64", [], [5n]) };
    for (const binary of [true, false]) {
      expect({ ...(await client.infer("m", sent, { binary })).outputs }).toEqual(sent);
    }
  });

  it("answers V1 with typed arrays, tensors, bytes and BigInts among the instances", async () => {
    const instances = [
      new Float32Array([0.1, 2]),
      new BigInt64Array([9_007_199_254_740_993n, 1n]),
      tensor("INT8", [2, 2], [1, 2, 3, 4]),
      { image: new Uint8Array([1, 2, 3]), flag: true },
      18_446_744_073_709_551_615n,
      "zwölf",
    ];
    expect(await client.predict("m", instances)).toEqual([
      [0.1, 2],
      [9_007_199_254_740_993n, 1],
      [
        [1, 2],
        [3, 4],
      ],
      { image: { b64: "AQID" }, flag: true },
      18_446_744_073_709_551_615n,
      "zwölf",
    ]);
    expect(await client.predict("m", [])).toEqual([]);
  });

  it("is live and ready, and says what it is", async () => {
    expect(await client.live()).toBe(true);
    expect(await client.ready()).toBe(true);
    expect(await client.modelReady("m")).toBe(true);
    expect(await client.models()).toEqual(["m"]);
    expect(await client.serverMetadata()).toEqual({
      name: "kserve-ts",
      version: expect.stringMatching(/^\d+\./),
      extensions: expect.arrayContaining(["binary_tensor_data"]) as string[],
    });
    expect(await client.modelMetadata("m")).toEqual({
      name: "m",
      versions: [],
      platform: "kserve-ts",
      inputs: [],
      outputs: [],
    });
  });

  it("answers 404 for a model that it does not have, with the server's words", async () => {
    const calls = [
      client.predict("none", [1]),
      client.infer("none", { x: tensor("FP32", [1], [1]) }),
      client.modelReady("none"),
      client.modelMetadata("none"),
    ];
    for (const call of calls) {
      const error = await failureOf(call);
      expect(error).toMatchObject({ name: "KtsError", code: "KTS_SERVER_ANSWERED", status: 404 });
      expect(error.message).toBe("The server answered 404: Model with name none does not exist.");
    }
  });

  it("answers 501 for versions and explanations that it does not have", async () => {
    expect(await failureOf(client.infer("m", SAMPLES, { version: "2" }))).toMatchObject({
      status: 501,
      message: "The server answered 501: Model versioning not supported yet.",
    });
    expect(await failureOf(client.explain("m", [1]))).toMatchObject({ status: 501 });
  });

  it("takes a ready-made body, and says what is wrong with one", async () => {
    const { status, headers, bytes } = await client.send("/v1/models/m:predict", '{"instances":[1]}', {
      requestId: "r 1",
    });
    expect({ status, body: new TextDecoder().decode(bytes) }).toEqual({
      status: 200,
      body: '{"predictions":[1]}',
    });
    expect(headers).toMatchObject({ "content-type": "application/json", "x-request-id": "r 1" });
    const error = await failureOf(client.send("/v1/models/m:predict", '{"instances":1}'));
    expect(error.message).toBe(
      'The server answered 400: instances: Expected "instances" to be a list, got the number 1',
    );
  });

  it("is reached below a path and by a host name, through a proxy that routes by both", async () => {
    await using proxy = await handling((request, res) => {
      const path = request.url.replace(/^\/serving\/ns/, "");
      if (path === request.url || request.headers.host !== "m.example.com")
        return void res.writeHead(404).end();
      const { host: _host, connection: _connection, ...headers } = request.headers;
      void fetch(server.url + path, {
        method: request.method,
        headers: headers as Record<string, string>,
        ...(request.method === "POST" && { body: new Uint8Array(request.body) }),
      }).then(async (answer) => {
        res.writeHead(answer.status, Object.fromEntries(answer.headers));
        res.end(await answer.bytes());
      });
    });
    using routed = new InferenceClient(`${proxy.url}/serving/ns/`, { headers: { Host: "m.example.com" } });
    expect(await routed.models()).toEqual(["m"]);
    expect(await routed.predict("m", [1])).toEqual([1]);
    expect({ ...(await routed.infer("m", SAMPLES)).outputs }).toEqual(SAMPLES);
    using lost = new InferenceClient(proxy.url);
    expect(await failureOf(lost.predict("m", [1]))).toMatchObject({ status: 404 });
  });
});

describe("other predictors", () => {
  it("answer the ONNX model's outputs, with its signature", async () => {
    const server = await serveFolder("test/fixtures/models/iris-onnx");
    using client = new InferenceClient(server.url);
    try {
      const metadata = await client.modelMetadata("iris-onnx");
      expect(metadata).toMatchObject({ name: "iris-onnx", platform: expect.stringContaining("onnx") });
      const [input] = metadata.inputs;
      expect(input).toMatchObject({ datatype: "FP32", shape: [-1, 4] });
      const rows = [
        [5.1, 3.5, 1.4, 0.2],
        [6.2, 3.4, 5.4, 2.3],
      ];
      const inputs = { [input?.name ?? ""]: tensor("FP32", [2, 4], rows.flat()) };
      const binary = await client.infer("iris-onnx", inputs);
      const json = await client.infer("iris-onnx", inputs, { binary: false });
      expect(Object.keys(binary.outputs)).toEqual(metadata.outputs.map(({ name }) => name));
      expect(binary.outputs).toEqual(json.outputs);
      expect(await client.predict<unknown[]>("iris-onnx", rows)).toHaveLength(2);
    } finally {
      await server.stop();
    }
  });

  it("answer in a form of their own", async () => {
    const source = `
      export const execution = "inline";
      const answers = { text: "zwölf", bytes: new Uint8Array([0, 255]), object: { top: ["a"] }, nan: [NaN, 1] };
      export const predict = (_model, input) => answers[input[0]];
      export const explain = (_model, input, ctx) => [ctx.headers["x-tenant"], ctx.parameters.depth, ctx.requestId];
    `;
    const server = await servePredictor(source);
    using client = new InferenceClient(server.url);
    try {
      expect(await client.predict("m", ["text"])).toBe("zwölf");
      expect(await client.predict("m", ["bytes"])).toEqual(new Uint8Array([0, 255]));
      expect(await client.predict("m", ["object"])).toEqual({ top: ["a"] });
      expect(await client.predict("m", ["nan"])).toEqual([null, 1]);
      const options = { headers: { "X-Tenant": "t" }, parameters: { depth: 2 }, requestId: "r 1" };
      expect(await client.explain("m", [1], options)).toEqual(["t", 2, "r 1"]);
    } finally {
      await server.stop();
    }
  });

  it("say NaN in JSON as null, or in words, and both come back", async () => {
    for (const nonFinite of ["null", "string"] as const) {
      const source = `
        export const execution = "inline";
        export const predict = () => ({ y: { datatype: "FP32", shape: [3], data: new Float32Array([NaN, 1, NaN]) } });
      `;
      const server = await servePredictor(source, { options: { nonFinite } });
      using client = new InferenceClient(server.url);
      try {
        for (const binary of [true, false]) {
          const { outputs } = await client.infer("m", { x: tensor("FP32", [1], [1]) }, { binary });
          expect([...toFloat32(outputs["y"] as Tensor)]).toEqual([NaN, 1, NaN]);
        }
      } finally {
        await server.stop();
      }
    }
  });

  it("see that the client left", async () => {
    const source = `
      export const execution = "inline";
      export const predict = (_model, _input, ctx) => new Promise((_resolve, reject) => {
        ctx.log.info("predict began");
        ctx.signal.addEventListener("abort", () => {
          ctx.log.info("the client left");
          reject(ctx.signal.reason);
        });
      });
    `;
    const server = await servePredictor(source);
    using client = new InferenceClient(server.url);
    try {
      const controller = new AbortController();
      const call = failureOf(client.predict("m", [1], { signal: controller.signal }));
      await logged(server, "predict began");
      controller.abort();
      expect(await call).toBe(controller.signal.reason);
      await logged(server, "the client left");
    } finally {
      await server.stop();
    }
  });

  it("refuse a body that is too large, and the client reads why while it still sends", async () => {
    const server = await servePredictor(ECHO, { options: { maxBodyBytes: 1_000 } });
    using client = new InferenceClient(server.url);
    try {
      const error = await failureOf(
        client.infer("m", { x: tensor("UINT8", [30_000_000], new Uint8Array(30_000_000)) }),
      );
      expect(error).toMatchObject({ code: "KTS_SERVER_ANSWERED", status: 413 });
      expect(error.message).toContain("--max_body_bytes");
      expect(await client.ready()).toBe(true);
    } finally {
      await server.stop();
    }
  });
});

/** Waits until the server has logged a text. */
async function logged(server: TestServer, text: string): Promise<void> {
  while (!server.log.some((line) => line.includes(text)))
    await new Promise((resolve) => setTimeout(resolve, 5));
}
