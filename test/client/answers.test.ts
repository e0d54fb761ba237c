import { describe, expect, it } from "vitest";
import { InferenceClient } from "../../client/index.ts";
import { tensor } from "../../contract/index.ts";
import { type FixedAnswer, answering, failureOf, handling } from "./fixed-server.ts";

const X = tensor("FP32", [1], [1]);

/** What a call makes of an answer. */
async function read<T>(answer: FixedAnswer, call: (client: InferenceClient) => Promise<T>): Promise<T> {
  await using server = await answering(() => answer);
  using client = new InferenceClient(server.url);
  return await call(client);
}

function json(value: unknown): FixedAnswer {
  return { body: JSON.stringify(value) };
}

const ANSWERED = { code: "KTS_SERVER_ANSWERED", status: 502 };

describe("a health answer", () => {
  it.each<[string, FixedAnswer, boolean]>([
    ["KServe's", json({ ready: true, live: true }), true],
    ["the specification's slip", json({ live: true }), true],
    ["a no in words", json({ ready: false, live: false }), false],
    ["MLServer's and Triton's, which is empty", { headers: {} }, true],
    ["KServe's while it is not ready", { status: 503, body: '{"error":"Server is not ready."}' }, false],
    ["MLServer's while it is not ready", { status: 400, headers: {} }, false],
  ])("may be %s", async (_whose, answer, yes) => {
    expect(await read(answer, (client) => client.live())).toBe(yes);
    expect(await read(answer, (client) => client.ready())).toBe(yes);
    expect(await read(answer, (client) => client.modelReady("m"))).toBe(yes);
  });

  it("is none where there is no such model, or something else answers", async () => {
    const unknown = { status: 404, body: '{"error":"Model with name m does not exist."}' };
    const error = await failureOf(read(unknown, (client) => client.modelReady("m")));
    expect(error).toMatchObject({ code: "KTS_SERVER_ANSWERED", status: 404 });
    const page = { headers: { "content-type": "text/html" }, body: "<html>" };
    expect(await failureOf(read(page, (client) => client.ready()))).toMatchObject(ANSWERED);
  });
});

describe("the models", () => {
  it("are V2's, or V1's where the server has no list in V2", async () => {
    expect(await read(json({ models: ["a", "b"] }), (client) => client.models())).toEqual(["a", "b"]);
    await using server = await answering(({ url }) =>
      url === "/v1/models" ? json({ models: ["c"] }) : { status: 404, body: '{"detail":"Not Found"}' },
    );
    using client = new InferenceClient(server.url);
    expect(await client.models()).toEqual(["c"]);
  });

  it("are not asked for again where the server fails in another way", async () => {
    await using server = await answering(() => ({ status: 500, body: '{"error":"broken"}' }));
    using client = new InferenceClient(server.url);
    expect(await failureOf(client.models())).toMatchObject({ status: 500 });
    expect(server.seen).toHaveLength(1);
  });

  it.each<[string, unknown, string]>([
    ["no list", {}, "models: expected an array, got nothing"],
    ["a number", { models: [1] }, "models[0]: expected a name, got the number 1"],
    ["no object", ["m"], "expected a JSON object, got an array of 1"],
  ])("are none in an answer with %s", async (_what, value, problem) => {
    const error = await failureOf(read(json(value), (client) => client.models()));
    expect(error).toMatchObject({
      ...ANSWERED,
      message: `The server's answer is no list of models: ${problem}`,
    });
  });
});

describe("metadata", () => {
  it("of the server has its name, version and extensions", async () => {
    const full = { name: "kserve", version: "0.15.0", extensions: ["model_repository_extension"] };
    expect(await read(json(full), (client) => client.serverMetadata())).toEqual(full);
    expect(await read(json({ name: "s" }), (client) => client.serverMetadata())).toEqual({
      name: "s",
      version: "",
      extensions: [],
    });
  });

  it("of a model has its versions, platform, inputs and outputs", async () => {
    const full = {
      name: "m",
      versions: ["1", "2"],
      platform: "onnxruntime",
      inputs: [{ name: "x", datatype: "FP32", shape: [-1, 4] }],
      outputs: [{ name: "y", datatype: "INT64", shape: [-1] }],
    };
    expect(await read(json(full), (client) => client.modelMetadata("m"))).toEqual(full);
    const bare = { name: "m", versions: null, platform: "", inputs: [], outputs: [] };
    expect(await read(json(bare), (client) => client.modelMetadata("m"))).toEqual({ ...bare, versions: [] });
    expect(await read(json({ name: "m" }), (client) => client.modelMetadata("m"))).toEqual({
      ...bare,
      versions: [],
    });
  });

  it("that is none says where", async () => {
    const wrong = { name: "m", inputs: [{ name: "x", datatype: "FLOAT", shape: [1] }] };
    const error = await failureOf(read(json(wrong), (client) => client.modelMetadata("m")));
    expect(error).toMatchObject(ANSWERED);
    expect(error.message).toBe(
      'The server\'s answer is no model metadata: inputs[0].datatype: expected a datatype, got the string "FLOAT"',
    );
  });
});

describe("a V1 answer", () => {
  const predict = (client: InferenceClient) => client.predict("m", []);

  it.each<[string, unknown, unknown]>([
    ["predictions", { predictions: [[1.5], "a", null] }, [[1.5], "a", null]],
    ["predictions that are one object", { predictions: { a: [1], b: [2, 3] } }, { a: [1], b: [2, 3] }],
    ["another object", { outputs: [1], message: "hello" }, { outputs: [1], message: "hello" }],
    ["an array", [1, 2], [1, 2]],
    ["no predictions, and no reason", { predictions: null }, null],
  ])("gives %s", async (_what, body, prediction) => {
    expect(await read(json(body), predict)).toEqual(prediction);
  });

  it("gives integers beyond 2^53 exactly", async () => {
    const body = '{"predictions":[9007199254740993,-9223372036854775808,1]}';
    expect(await read({ body }, predict)).toEqual([9007199254740993n, -9223372036854775808n, 1]);
  });

  it("gives explanations, where it explains", async () => {
    const body = { predictions: [1], explanations: ["because"] };
    expect(await read(json(body), (client) => client.explain("m", [1]))).toEqual(["because"]);
    expect(await read(json({ data: 1 }), (client) => client.explain("m", [1]))).toEqual({ data: 1 });
  });

  it("gives a text or bytes, where the predictor answered with one", async () => {
    const text = { headers: { "content-type": "text/plain; charset=utf-8" }, body: "zwölf" };
    expect(await read(text, predict)).toBe("zwölf");
    const bytes = { headers: { "content-type": "application/octet-stream" }, body: new Uint8Array([0, 255]) };
    expect(await read(bytes, predict)).toEqual(new Uint8Array([0, 255]));
  });

  it("is read as JSON where the server names no type", async () => {
    expect(await read({ headers: {}, body: '{"predictions":[1]}' }, predict)).toEqual([1]);
  });

  it("of KServe's batcher that hides a failure is one", async () => {
    const body = { message: '{"error":"Model\n broke"}', batchId: "", predictions: null };
    const error = await failureOf(read(json(body), predict));
    expect(error).toMatchObject(ANSWERED);
    expect(error.message).toBe('The server\'s answer is no prediction: {"error":"Model broke"}');
  });

  it.each<[string, FixedAnswer]>([
    ["is cut off", { body: '{"predictions":[1,' }],
    ["is a web page", { headers: { "content-type": "text/html" }, body: "<html>" }],
    ["is empty", { body: "" }],
    ["is not UTF-8", { body: new Uint8Array([0x22, 0xff, 0x22]) }],
  ])("is none where it %s", async (_what, answer) => {
    const error = await failureOf(read(answer, predict));
    expect(error).toMatchObject(ANSWERED);
    expect(error.message).toMatch(/^The server's answer is no V1 answer: .+/);
  });
});

describe("a V2 answer", () => {
  const infer = (client: InferenceClient) => client.infer("m", { X });

  it("in JSON gives tensors by name, in the server's order", async () => {
    const body = {
      model_name: "m",
      model_version: "3",
      id: "7",
      parameters: { cached: true },
      outputs: [
        { name: "z", shape: [2], datatype: "INT64", data: [1, 2] },
        { name: "a", shape: [1, 1], datatype: "FP32", data: [[0.5]] },
      ],
    };
    const { outputs, ...rest } = await read(json(body), infer);
    expect(rest).toEqual({ modelName: "m", modelVersion: "3", id: "7", parameters: { cached: true } });
    expect(Object.entries(outputs)).toEqual([
      ["z", tensor("INT64", [2], [1, 2])],
      ["a", tensor("FP32", [1, 1], [0.5])],
    ]);
  });

  it("may leave out what is optional, and say null for it", async () => {
    for (const extra of [{}, { model_version: null, id: null, parameters: null }]) {
      expect(await read(json({ model_name: "m", outputs: [], ...extra }), infer)).toEqual({
        modelName: "m",
        modelVersion: undefined,
        id: undefined,
        parameters: {},
        outputs: {},
      });
    }
  });

  it("keeps an output apart from what objects inherit", async () => {
    const output = { name: "__proto__", shape: [1], datatype: "INT8", data: [1] };
    const { outputs } = await read(json({ model_name: "m", outputs: [output] }), infer);
    expect(Object.keys(outputs)).toEqual(["__proto__"]);
    expect(outputs["toString"]).toBeUndefined();
  });

  it.each(["length", "chunks"])(
    "in binary form is read by its own header, with views of its memory (%s)",
    async (form) => {
      for (let pad = 0; pad < 8; pad++) {
        const data = Float64Array.from({ length: 20_000 }, (_, index) => index / 3);
        const head = JSON.stringify({
          model_name: "m".repeat(pad + 1),
          outputs: [
            { name: "y", shape: [20_000], datatype: "FP64", parameters: { binary_data_size: 160_000 } },
            { name: "n", shape: [1], datatype: "INT32", data: [7] },
          ],
        });
        const body = Buffer.concat([Buffer.from(head), new Uint8Array(data.buffer)]);
        const headers = {
          "inference-header-content-length": String(head.length),
          ...(form === "length" && { "content-length": String(body.length) }),
        };
        const { outputs } = await read({ headers, body }, infer);
        expect(outputs["y"]?.data).toEqual(data);
        expect(outputs["n"]).toEqual(tensor("INT32", [1], [7]));
        expect(outputs["y"]?.data).toMatchObject({ byteOffset: head.length + ((8 - (head.length % 8)) % 8) });
      }
    },
  );

  it.each<[string, FixedAnswer, string]>([
    ["has no outputs", json({ model_name: "m" }), "outputs: expected an array of tensors, got nothing"],
    [
      "has two outputs of one name",
      json({
        model_name: "m",
        outputs: [1, 2].map((value) => ({ name: "y", shape: [1], datatype: "INT8", data: [value] })),
      }),
      'it has two outputs called "y"',
    ],
    [
      "has fewer bytes than it says",
      {
        headers: { "inference-header-content-length": "104" },
        body:
          '{"model_name":"m","outputs":[{"name":"y","shape":[1],"datatype":"FP32","parameters":{"binary_data_size":4}}]}'.slice(
            0,
            104,
          ) + "ab",
      },
      "",
    ],
    [
      "has a header that is no number",
      { headers: { "inference-header-content-length": "x" }, body: "{}" },
      "",
    ],
    ["is no JSON", { body: "no" }, ""],
  ])("is none where it %s", async (_what, answer, problem) => {
    const error = await failureOf(read(answer, infer));
    expect(error).toMatchObject(ANSWERED);
    expect(error.message).toContain(`The server's answer is no V2 answer: ${problem}`);
  });

  it("may have a tensor as large as maxAnswerBytes lets it be", async () => {
    // Above the memory that a server lets a tensor of a request take.
    const megabyte = Buffer.alloc(1_048_576, 7);
    const bytes = 257 * megabyte.length;
    const head = JSON.stringify({
      model_name: "m",
      outputs: [{ name: "y", shape: [bytes], datatype: "UINT8", parameters: { binary_data_size: bytes } }],
    });
    await using server = await handling((_request, res) => {
      res.setHeader("inference-header-content-length", head.length);
      res.setHeader("content-length", head.length + bytes);
      res.write(head);
      for (let part = 0; part < 257; part++) res.write(megabyte);
      res.end();
    });
    using client = new InferenceClient(server.url);
    const { outputs } = await infer(client);
    expect(outputs["y"]?.data.length).toBe(bytes);
    expect(outputs["y"]?.data.at(-1)).toBe(7);
  });
});

describe("send", () => {
  it("gives status, headers and bytes", async () => {
    const answer = await read(
      { status: 201, headers: { "X-One": "1", "Set-Cookie": "a=b" }, body: "hello" },
      (client) => client.send("/any", "{}"),
    );
    expect(answer.status).toBe(201);
    expect(answer.headers).toMatchObject({ "x-one": "1", "set-cookie": "a=b" });
    expect(answer.bytes).toEqual(new TextEncoder().encode("hello"));
  });
});
