import { describe, expect, it } from "vitest";
import { type ClientOptions, InferenceClient } from "../../client/index.ts";
import { type Tensor, tensor } from "../../contract/index.ts";
import { answeringJson, failureOf } from "./fixed-server.ts";

const V2_ANSWER = { model_name: "m", outputs: [] };
const X = tensor("FP32", [1, 2], [1, 2]);

/** The one request that a call makes. */
async function requestOf(call: (client: InferenceClient) => Promise<unknown>, options: ClientOptions = {}) {
  await using server = await answeringJson({ ...V2_ANSWER, predictions: [], name: "m", models: [] });
  using client = new InferenceClient(server.url, options);
  await call(client);
  expect(server.seen).toHaveLength(1);
  const [request] = server.seen;
  if (request === undefined) throw new Error("no request came");
  return { ...request, host: new URL(server.url).host };
}

describe("each method", () => {
  it.each<[string, string, (client: InferenceClient) => Promise<unknown>]>([
    ["GET", "/v2/health/live", (client) => client.live()],
    ["GET", "/v2/health/ready", (client) => client.ready()],
    ["GET", "/v2", (client) => client.serverMetadata()],
    ["GET", "/v2/models", (client) => client.models()],
    ["GET", "/v2/models/m", (client) => client.modelMetadata("m")],
    ["GET", "/v2/models/m/versions/2", (client) => client.modelMetadata("m", { version: "2" })],
    ["GET", "/v2/models/m/ready", (client) => client.modelReady("m")],
    ["POST", "/v1/models/m:predict", (client) => client.predict("m", [])],
    ["POST", "/v1/models/m:explain", (client) => client.explain("m", [])],
    ["POST", "/v2/models/m/infer", (client) => client.infer("m", { X })],
    ["POST", "/v2/models/m/versions/2/infer", (client) => client.infer("m", { X }, { version: "2" })],
    ["POST", "/any?a=b", (client) => client.send("/any?a=b", "{}")],
  ])("asks %s %s", async (method, url, call) => {
    const request = await requestOf(call);
    expect(request).toMatchObject({ method, url });
    expect(request.headers["content-length"]).toBe(
      method === "GET" ? undefined : String(request.body.length),
    );
    expect(request.headers).not.toHaveProperty("transfer-encoding");
  });
});

describe("headers", () => {
  it("are those that KServe's servers want, and the URL's host", async () => {
    const { headers, host } = await requestOf((client) => client.predict("m", [1]));
    expect(headers).toMatchObject({
      host,
      "content-type": "application/json",
      "accept-encoding": "identity",
    });
    expect(headers).not.toHaveProperty("x-request-id");
  });

  it("may name another host, which an ingress routes by", async () => {
    const { headers } = await requestOf((client) => client.predict("m", [1]), {
      headers: { Host: "iris.models.example.com" },
    });
    expect(headers.host).toBe("iris.models.example.com");
  });

  it("of the call replace those of the client, whatever their case", async () => {
    const { headers } = await requestOf(
      (client) => client.ready({ headers: { "x-tenant": "b", HOST: "b.example" }, requestId: "r-1" }),
      { headers: { Authorization: "Bearer t", "X-Tenant": "a", host: "a.example", "x-request-id": "r-0" } },
    );
    expect(headers).toMatchObject({
      authorization: "Bearer t",
      "x-tenant": "b",
      host: "b.example",
      "x-request-id": "r-1",
    });
  });

  it("cannot lie about the body's length", async () => {
    const { headers, body } = await requestOf((client) =>
      client.send("/any", "{}", { headers: { "Content-Length": "1", "Transfer-Encoding": "chunked" } }),
    );
    expect(headers).toMatchObject({ "content-length": "2" });
    expect(headers).not.toHaveProperty("transfer-encoding");
    expect(String(body)).toBe("{}");
  });

  it.each<[string, Record<string, string>]>([
    ["a name", { "x y": "1" }],
    ["a value", { x: "1\r\ny: 2" }],
  ])("with %s that HTTP does not allow are refused", async (_what, headers) => {
    using client = new InferenceClient("http://127.0.0.1:1", { headers });
    expect(await failureOf(client.ready())).toMatchObject({ code: "KTS_INVALID_INPUT" });
  });
});

describe("options", () => {
  it.each([0, -1, NaN, "5" as unknown as number])("refuse %j for a number above 0", async (value) => {
    for (const path of ["timeoutMs", "maxAnswerBytes"]) {
      expect(() => new InferenceClient("http://127.0.0.1:1", { [path]: value })).toThrowError(
        expect.objectContaining({ code: "KTS_INVALID_INPUT", path }),
      );
    }
    using client = new InferenceClient("http://127.0.0.1:1");
    expect(await failureOf(client.ready({ timeoutMs: value }))).toMatchObject({ path: "timeoutMs" });
  });
});

describe("a V1 request", () => {
  it("has its instances and its parameters", async () => {
    const { body } = await requestOf((client) =>
      client.predict(
        "m",
        [[1, 2n ** 60n], new Float32Array([0.1, 2]), { image: new Uint8Array([1, 2]) }, "é"],
        {
          parameters: { signature_name: "s", top: 3 },
        },
      ),
    );
    expect(String(body)).toBe(
      '{"instances":[[1,1152921504606846976],[0.1,2],{"image":{"b64":"AQI="}},"é"],"signature_name":"s","top":3}',
    );
  });

  it("may be large", async () => {
    const instance = Float32Array.from({ length: 100_000 }, (_, index) => index / 7);
    const { body } = await requestOf((client) => client.predict("m", [instance]));
    const { instances } = JSON.parse(String(body)) as { instances: number[][] };
    expect(Float32Array.from(instances[0] ?? [])).toEqual(instance);
  });

  it.each<[string, unknown, string]>([
    ["no array", { x: 1 }, "instances: expected an array with one value an instance, got an object with x"],
    ["NaN", [[1, NaN]], "instances[0][1]: JSON has no NaN"],
  ])("is refused with %s", async (_what, instances, problem) => {
    using client = new InferenceClient("http://127.0.0.1:1");
    const error = await failureOf(client.predict("m", instances as unknown[]));
    expect(error).toMatchObject({ code: "KTS_INVALID_INPUT", message: problem });
  });
});

describe("a V2 request", () => {
  /** A request's JSON, and its binary part. */
  async function sent(call: (client: InferenceClient) => Promise<unknown>, options: ClientOptions = {}) {
    const { body, headers } = await requestOf(call, options);
    const length = headers["inference-header-content-length"];
    const at = length === undefined ? body.length : Number(length);
    const json = JSON.parse(body.toString("utf8", 0, at)) as Record<string, unknown>;
    return { json, raw: body.subarray(at), type: headers["content-type"], length };
  }

  it("is binary and asks for binary outputs", async () => {
    const { json, raw, type } = await sent((client) =>
      client.infer("m", { X, B: tensor("BYTES", [1], ["hé"]) }),
    );
    expect(type).toBe("application/octet-stream");
    expect(json).toEqual({
      parameters: { binary_data_output: true },
      inputs: [
        { name: "X", shape: [1, 2], datatype: "FP32", parameters: { binary_data_size: 8 } },
        { name: "B", shape: [1], datatype: "BYTES", parameters: { binary_data_size: 7 } },
      ],
    });
    expect(raw.toString("hex")).toBe("0000803f00000040" + "0300000068c3a9");
  });

  it.each<[string, ClientOptions, boolean | undefined]>([
    ["the call", {}, false],
    ["the client", { binary: false }, undefined],
    ["the call before the client", { binary: true }, false],
  ])("is JSON where %s says so", async (_who, options, binary) => {
    const { json, type, length } = await sent((client) => client.infer("m", { X }, { binary }), options);
    expect(type).toBe("application/json");
    expect(length).toBeUndefined();
    expect(json).toEqual({ inputs: [{ name: "X", shape: [1, 2], datatype: "FP32", data: [1, 2] }] });
  });

  it("has the id, the parameters and the outputs that are asked for", async () => {
    const options = { id: "7", parameters: { a: 1, b: "x", c: true }, outputs: ["p", "q"] };
    const binary = await sent((client) => client.infer("m", { X }, options));
    expect(binary.json).toMatchObject({
      id: "7",
      parameters: { a: 1, b: "x", c: true },
      outputs: [
        { name: "p", parameters: { binary_data: true } },
        { name: "q", parameters: { binary_data: true } },
      ],
    });
    const plain = await sent((client) => client.infer("m", { X }, { ...options, binary: false }));
    expect(plain.json).toMatchObject({ outputs: [{ name: "p" }, { name: "q" }] });
    expect(plain.json["outputs"]).toEqual([{ name: "p" }, { name: "q" }]);
  });

  it("asks for all outputs, in binary form, where the list of outputs is empty", async () => {
    const { json } = await sent((client) => client.infer("m", { X }, { outputs: [] }));
    expect(json).not.toHaveProperty("outputs");
    expect(json["parameters"]).toEqual({ binary_data_output: true });
  });

  it.each<[string, unknown, string]>([
    ["no tensor", [1, 2], "inputs.x: expected a tensor, as tensor() makes it, got an array of 2"],
    [
      "plain elements",
      { datatype: "FP32", shape: [2], data: [1, 2] },
      "inputs.x.data: expected the elements of FP32 as Float32Array, got an array of 2",
    ],
    [
      "another datatype's elements",
      { datatype: "INT64", shape: [2], data: new Int32Array(2) },
      "inputs.x.data: expected the elements of INT64 as BigInt64Array, got a Int32Array",
    ],
    [
      "bytes for a list of bytes",
      { datatype: "BYTES", shape: [2], data: new Uint8Array(2) },
      "inputs.x.data: expected the elements of BYTES as Array, got a Uint8Array",
    ],
    [
      "texts for bytes",
      { datatype: "BYTES", shape: [2], data: [new Uint8Array(2), "b"] },
      'inputs.x.data[1]: expected bytes, got the string "b"',
    ],
    [
      "too few elements",
      { datatype: "FP32", shape: [3], data: new Float32Array(2) },
      "inputs.x.data: expected 3 elements for shape [3], got 2",
    ],
  ])("is refused with %s", async (_what, x, problem) => {
    using client = new InferenceClient("http://127.0.0.1:1");
    const error = await failureOf(client.infer("m", { x: x as Tensor }));
    expect(error).toMatchObject({ code: "KTS_INVALID_INPUT", message: problem });
  });

  it("takes a Buffer for a Uint8Array", async () => {
    const { raw } = await sent((client) =>
      client.infer("m", { x: { datatype: "UINT8", shape: [3], data: Buffer.from("abc") } }),
    );
    expect(String(raw)).toBe("abc");
  });

  it("in JSON is refused with what JSON cannot say", async () => {
    using client = new InferenceClient("http://127.0.0.1:1", { binary: false });
    const nan = await failureOf(client.infer("m", { x: tensor("FP32", [1], [NaN]) }));
    expect(nan).toMatchObject({ code: "KTS_INVALID_INPUT", path: "inputs[0].data[0]" });
    const bytes = await failureOf(client.infer("m", { x: tensor("BYTES", [1], [new Uint8Array([255])]) }));
    expect(bytes).toMatchObject({ code: "KTS_INVALID_INPUT", path: "inputs[0].data[0]" });
  });
});

describe("send", () => {
  it("sends a body as it is, as JSON or as what the headers say", async () => {
    const json = await requestOf((client) => client.send("/v1/models/m:predict", '{"instances":["é"]}'));
    expect(json.headers["content-type"]).toBe("application/json");
    expect(String(json.body)).toBe('{"instances":["é"]}');
    const bytes = new Uint8Array([0, 255, 1]);
    const headers = { "Content-Type": "application/octet-stream", "Inference-Header-Content-Length": "1" };
    const binary = await requestOf((client) => client.send("/v2/models/m/infer", bytes, { headers }));
    expect(binary.headers).toMatchObject({
      "content-type": "application/octet-stream",
      "inference-header-content-length": "1",
    });
    expect([...binary.body]).toEqual([0, 255, 1]);
  });

  it("sends an empty body with its length", async () => {
    const { headers } = await requestOf((client) => client.send("/any", ""));
    expect(headers["content-length"]).toBe("0");
  });

  it.each([
    ["v1/models", 'path: expected a path that starts with /, got the string "v1/models"'],
    ["http://other/", 'path: expected a path that starts with /, got the string "http://other/"'],
    ["/a b", "Request path contains unescaped characters"],
  ])("refuses the path %j", async (path, problem) => {
    using client = new InferenceClient("http://127.0.0.1:1");
    const error = await failureOf(client.send(path, "{}"));
    expect(error).toMatchObject({ code: "KTS_INVALID_INPUT", message: problem });
  });
});
