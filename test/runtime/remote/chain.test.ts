import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GrpcInferenceClient, InferenceClient } from "../../../client/index.ts";
import type { Prediction } from "../../../contract/inference.ts";
import { tensor } from "../../../contract/tensor.ts";
import { discoverModel } from "../../../runtime/models/discover.ts";
import { defaultServerOptions } from "../../../runtime/options.ts";
import { type RemoteSettings, remoteSettings } from "../../../runtime/remote/settings.ts";
import { startExecutor } from "../../../runtime/workers/start-executor.ts";
import { ECHO, type TestServer, postJson, predictorFolder, serveFolder, servePredictor } from "../serving.ts";
import { instancesJob, never } from "../workers/jobs.ts";
import { servePassThrough, serveTransformer } from "./chains.ts";

/** Doubles each x, by whatever protocol it is asked. */
const DOUBLE = `
export const execution = "inline";
export const inputs = [{ name: "x", datatype: "FP32", shape: [-1, 2] }];
export const outputs = [{ name: "y", datatype: "FP32", shape: [-1, 2] }];
export const predict = (_model, { x }) => ({ y: x.data.map((value) => 2 * value) });
export const explain = (_model, { x }) => [...x.data].map((value) => ({ input: value }));
`;

/** Adds one on the way in, and a hundred on the way out. */
const BY_INSTANCES = `
export const preProcess = (request) => request.instances.map((row) => row.map((value) => value + 1));
export const postProcess = (rows) => rows.map((row) => row.map((value) => value + 100));
`;
const BY_TENSORS = `
import { tensor } from "kserve-ts";
export const inputs = [{ name: "raw", datatype: "FP32", shape: [-1, 2] }];
export const preProcess = ({ tensors: { raw } }) =>
  ({ x: tensor("FP32", raw.shape, raw.data.map((value) => value + 1)) });
export const postProcess = ({ y }) => ({ out: tensor("FP32", y.shape, y.data.map((value) => value + 100)) });
`;

/** The protocols by which a predictor is asked with tensors. */
const V2 = ["v2", "grpc-v2"] as const;

const V1 = {
  instances: [
    [1, 2],
    [3, 4],
  ],
};
const V1_ANSWER = {
  predictions: [
    [104, 106],
    [108, 110],
  ],
};

describe("a transformer", () => {
  let predictor: TestServer;
  beforeAll(async () => void (predictor = await servePredictor(DOUBLE)));
  afterAll(() => predictor.stop());

  it("sends by V1 what preProcess returns, and gives the predictions to postProcess", async () => {
    await using server = await serveTransformer(BY_INSTANCES, predictor);
    const { status, body } = await postJson(server, "/v1/models/m:predict", V1);
    expect({ status, body }).toEqual({ status: 200, body: V1_ANSWER });
  });

  it.each([
    ["v2", "binary"],
    ["v2", "json"],
    ["grpc-v2", "binary"],
    ["grpc-v2", "json"],
  ] as const)("sends by %s the tensors of preProcess, as %s", async (predictorProtocol, predictorTensors) => {
    const options = { predictorProtocol, predictorTensors };
    await using server = await serveTransformer(BY_TENSORS, predictor, options);
    const { status, body } = await postJson(server, "/v1/models/m:predict", V1);
    expect({ status, body }).toEqual({ status: 200, body: V1_ANSWER });
    using client = new InferenceClient(server.url);
    const { outputs } = await client.infer("m", { raw: tensor("FP32", [1, 2], [1, 2]) });
    expect(outputs["out"]).toEqual({ datatype: "FP32", shape: [1, 2], data: new Float32Array([104, 106]) });
  });

  it("turns the tensors of preProcess into instances for V1", async () => {
    const source = `
      import { tensor } from "kserve-ts";
      export const preProcess = () => ({ x: tensor("FP32", [1, 2], [5, 6]) });
    `;
    await using server = await serveTransformer(source, predictor);
    const { body } = await postJson(server, "/v1/models/m:predict", V1);
    expect(body).toEqual({ predictions: [[10, 12]] });
  });

  it.each(V2)(
    "turns the instances of preProcess into the predictor's own tensors by %s",
    async (protocol) => {
      const source = `export const preProcess = ({ instances }) => instances.slice(1);`;
      await using server = await serveTransformer(source, predictor, { predictorProtocol: protocol });
      const { body } = await postJson(server, "/v1/models/m:predict", V1);
      expect(body).toEqual({ predictions: [[6, 8]] });
    },
  );

  it("fails with 500 when preProcess returns neither", async () => {
    await using server = await serveTransformer(`export const preProcess = () => ({ x: 1 });`, predictor);
    const { status, body } = await postJson(server, "/v1/models/m:predict", V1);
    expect({ status, body }).toEqual({
      status: 500,
      body: {
        error:
          "preProcess returned an object with x, but the remote predict takes a list of instances, or tensors by name",
      },
    });
  });

  it("gives its own predict the predictor as the model, by either protocol", async () => {
    const source = `
      import { tensor } from "kserve-ts";
      export async function predict(model, instances, ctx) {
        const x = tensor("FP32", [instances.length, 2], instances.flat());
        const [byV1, { y }] = await Promise.all([model.predict(instances), ctx.remote.run({ x }, ["y"])]);
        return { byV1, byV2: [...y.data] };
      }
    `;
    await using server = await serveTransformer(source, predictor);
    const { body } = await postJson(server, "/v1/models/m:predict", V1);
    expect(body).toEqual({
      byV1: [
        [2, 4],
        [6, 8],
      ],
      byV2: [2, 4, 6, 8],
    });
  });

  it("keeps what load gave as the model, and the predictor in ctx", async () => {
    const source = `
      export const load = () => ({ offset: 7 });
      export const predict = async ({ offset }, instances, ctx) =>
        (await ctx.remote.predict(instances)).map((row) => row.map((value) => value + offset));
    `;
    await using server = await serveTransformer(source, predictor);
    const { body } = await postJson(server, "/v1/models/m:predict", V1);
    expect(body).toEqual({
      predictions: [
        [9, 11],
        [13, 15],
      ],
    });
  });

  it("may load something for its own stages and leave predict to the predictor", async () => {
    const source = `
      let offset = 0;
      export const load = () => { offset = 1; };
      export const preProcess = ({ instances }) => instances.map((row) => row.map((value) => value + offset));
    `;
    await using server = await serveTransformer(source, predictor);
    const { body } = await postJson(server, "/v1/models/m:predict", V1);
    expect(body).toEqual({
      predictions: [
        [4, 6],
        [8, 10],
      ],
    });
  });

  it("asks by a path in front, as an ingress routes by one", async () => {
    await using front = await servePredictor(ECHO, {
      extend: (app) =>
        app.post("/serving/m/v1/models/m\\:predict", (_req, res) => res.json({ predictions: [1] })),
    });
    await using server = await servePassThrough(front, {
      predictorHost: `127.0.0.1:${front.port}/serving/m/`,
    });
    const { body } = await postJson(server, "/v1/models/m:predict", V1);
    expect(body).toEqual({ predictions: [1] });
  });

  it.each([
    ["v2", "worker"],
    ["v2", "inline"],
    ["grpc-v2", "worker"],
    ["grpc-v2", "inline"],
  ] as const)("carries large tensors by %s whole, several at once: %s", async (protocol, execution) => {
    await using echo = await servePredictor(ECHO);
    const source = `
      export const execution = "${execution}";
      export const preProcess = (request) => request.tensors;
    `;
    await using server = await serveTransformer(source, echo, { predictorProtocol: protocol });
    using client = new InferenceClient(server.url);
    const answers = await Promise.all(
      [1, 2, 3, 4].map(async (first) => {
        const data = Float64Array.from({ length: 500_000 }, (_, index) => first + index);
        const { outputs } = await client.infer("m", { x: tensor("FP64", [500_000], data) });
        const came = outputs["x"]?.data as Float64Array;
        return came.length === data.length && data.every((value, index) => value === came[index]);
      }),
    );
    expect(answers).toEqual([true, true, true, true]);
  });

  it("runs many requests at once on one worker", async () => {
    const waiting = `
      export const execution = "inline";
      let came = 0, go;
      const all = new Promise((resolve) => { go = resolve; });
      export async function predict(_model, instances) {
        if (++came === 40) go();
        await all;
        return instances;
      }
    `;
    await using slow = await servePredictor(waiting);
    await using server = await serveTransformer(`export const preProcess = (r) => r.instances;`, slow);
    expect(server.workers).toBe(1);
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, id) => postJson(server, "/v1/models/m:predict", { instances: [id] })),
    );
    expect(answers.map(({ body }) => body)).toEqual(answers.map((_, id) => ({ predictions: [id] })));
  });
});

describe("a transformer of a config file", () => {
  it("asks the predictor that the file names", async () => {
    await using predictor = await servePredictor(DOUBLE);
    await using folder = await predictorFolder("export const preProcess = ({ instances }) => instances;");
    const config = { server: { predictorHost: `127.0.0.1:${predictor.port}`, predictorProtocol: "v2" } };
    await writeFile(join(folder.path, "kserve.config.json"), JSON.stringify(config));
    await using server = await serveFolder(folder.path);
    expect(server.model.source.remote).toMatchObject({ protocol: "v2" });
    const { body } = await postJson(server, "/v1/models/m:predict", V1);
    expect(body).toEqual({
      predictions: [
        [2, 4],
        [6, 8],
      ],
    });
  });
});

describe("a server with a predictor behind it and no module", () => {
  let predictor: TestServer;
  beforeAll(async () => void (predictor = await servePredictor(DOUBLE)));
  afterAll(() => predictor.stop());

  it("passes on by V1, with the body's other members", async () => {
    await using parameters = await servePredictor(`
      export const execution = "inline";
      export const predict = (_model, instances, ctx) => ({ got: instances, parameters: { ...ctx.parameters } });
    `);
    await using server = await servePassThrough(parameters);
    expect(server.workers).toBe(0);
    const { body } = await postJson(server, "/v1/models/m:predict", {
      instances: [{ a: 1 }],
      signature_name: "s",
    });
    expect(body).toEqual({ got: [{ a: 1 }], parameters: { signature_name: "s" } });
  });

  it("passes a body on as it came, whatever it holds", async () => {
    await using odd = await servePredictor(
      `export const predict = () => ({ predictions: { a: [1] }, version: "2" });`,
    );
    await using server = await servePassThrough(odd);
    const { body } = await postJson(server, "/v1/models/m:predict", V1);
    expect(body).toEqual({ predictions: { a: [1] }, version: "2" });
  });

  it.each(["v1", ...V2] as const)("answers all protocols by %s", async (predictorProtocol) => {
    await using server = await servePassThrough(predictor, { predictorProtocol });
    const v1 = await postJson(server, "/v1/models/m:predict", V1);
    expect(v1.body).toEqual({
      predictions: [
        [2, 4],
        [6, 8],
      ],
    });
    using overRest = new InferenceClient(server.url);
    using overGrpc = new GrpcInferenceClient(`127.0.0.1:${server.grpcPort}`);
    for (const client of [overRest, overGrpc]) {
      const { outputs } = await client.infer("m", { x: tensor("FP32", [1, 2], [1, 2]) });
      const [output] = Object.values(outputs);
      expect({ shape: output?.shape, data: Array.from(output?.data ?? [], Number) }).toEqual({
        shape: [1, 2],
        data: [2, 4],
      });
    }
  });

  it.each(V2)("passes V2's parameters on by %s", async (predictorProtocol) => {
    await using parameters = await servePredictor(`
      export const execution = "inline";
      export const predict = (_model, _input, ctx) => JSON.stringify(ctx.parameters);
    `);
    await using server = await servePassThrough(parameters, { predictorProtocol });
    using client = new InferenceClient(server.url);
    const x = tensor("FP32", [1], [1]);
    const { outputs } = await client.infer("m", { x }, { parameters: { top: 3 } });
    const [output] = Object.values(outputs);
    const said = JSON.parse(new TextDecoder().decode(output?.data[0] as Uint8Array)) as object;
    expect(said).toMatchObject({ top: 3 });
  });

  it("passes explanations on", async () => {
    await using server = await servePassThrough(predictor);
    const { body } = await postJson(server, "/v1/models/m:explain", { instances: [[1, 2]] });
    expect(body).toEqual({ explanations: [{ input: 1 }, { input: 2 }] });
  });
});

describe("an explainer", () => {
  it("answers explain itself by asking the predictor, and leaves predict to it", async () => {
    await using predictor = await servePredictor(DOUBLE);
    const source = `
      export async function explain(model, [row]) {
        const variants = row.map((_, at) => row.map((value, index) => (index === at ? 0 : value)));
        const [whole, ...without] = await model.predict([row, ...variants]);
        const sum = (values) => values.reduce((a, b) => a + b, 0);
        return without.map((answer) => sum(whole) - sum(answer));
      }
    `;
    await using server = await serveTransformer(source, predictor);
    const instances = [[3, 5]];
    const explained = await postJson(server, "/v1/models/m:explain", { instances });
    expect(explained.body).toEqual({ explanations: [6, 10] });
    const predicted = await postJson(server, "/v1/models/m:predict", { instances });
    expect(predicted.body).toEqual({ predictions: [[6, 10]] });
  });

  it("has no V1 to ask over gRPC, be it for its own explain or as the whole answer", async () => {
    await using predictor = await servePredictor(DOUBLE);
    const instances = [[3, 5]];
    await using passing = await servePassThrough(predictor, { predictorProtocol: "grpc-v2" });
    expect(passing.model.info.explains).toBe(false);
    const none = await postJson(passing, "/v1/models/m:explain", { instances });
    expect({ status: none.status, body: none.body }).toEqual({
      status: 501,
      body: { error: "Model m does not explain: its predictor exports no explain." },
    });

    const source = `
      import { tensor } from "kserve-ts";
      export const execution = "inline";
      export async function explain(model, [row, byV1]) {
        if (byV1) return model.predict([row]);
        const { y } = await model.run({ x: tensor("FP32", [1, 2], row) });
        return [...y.data];
      }
    `;
    await using server = await serveTransformer(source, predictor, { predictorProtocol: "grpc-v2" });
    const explained = await postJson(server, "/v1/models/m:explain", { instances });
    expect(explained.body).toEqual({ explanations: [6, 10] });
    const refused = await postJson(server, "/v1/models/m:explain", { instances: [[3, 5], true] });
    expect({ status: refused.status, body: refused.body }).toEqual({
      status: 501,
      body: { error: "V1's predict and explain are not there over gRPC, by which the predictor is asked." },
    });
  });

  it("says 501 with the predictor's words where neither explains", async () => {
    await using predictor = await servePredictor(ECHO);
    await using server = await servePassThrough(predictor);
    const { status, body } = await postJson(server, "/v1/models/m:explain", { instances: [1] });
    expect({ status, body }).toEqual({
      status: 501,
      body: { error: "Model m does not explain: its predictor exports no explain." },
    });
  });
});

describe("batching in front of a predictor", () => {
  const BATCHED = `
    export const execution = "EXECUTION";
    export const batching = { maxBatchSize: 8, maxDelayMs: 50 };
    export const concurrency = 16;
    export const inputs = [{ name: "x", datatype: "FP32", shape: [-1, 2] }];
    export const preProcess = ({ tensors }) => tensors;
  `;

  it.each(["worker", "inline"])(
    "is off, so that nobody's data goes with another's name: %s",
    async (where) => {
      await using predictor = await servePredictor(`
      export const execution = "inline";
      export const predict = (_model, instances, { headers }) =>
        instances.map(([first]) => [first, headers.authorization]);
    `);
      await using server = await serveTransformer(BATCHED.replace("EXECUTION", where), predictor);
      expect(server.model.info).toMatchObject({
        batching: undefined,
        noBatchingReason: expect.stringContaining("its own caller's headers") as string,
      });
      const answers = await Promise.all(
        Array.from({ length: 16 }, async (_, id) => {
          const body = { instances: [[id, id]] };
          return (await postJson(server, "/v1/models/m:predict", body, { authorization: `user ${id}` })).body;
        }),
      );
      expect(answers).toEqual(answers.map((_, id) => ({ predictions: [[id, `user ${id}`]] })));
      expect(server.log.filter((line) => line.includes("batching is ignored"))).toHaveLength(1);
    },
  );
});

describe("a stream in front of a predictor", () => {
  it.each(["worker", "inline"])("asks it by ctx.remote, too: %s", async (where) => {
    await using predictor = await servePredictor(DOUBLE);
    await using folder = await predictorFolder(`
      export const execution = "${where}";
      export async function* predict(_model, instances, ctx) {
        for (const instance of instances) yield await ctx.remote.predict([instance]);
      }
    `);
    const predictorHost = `127.0.0.1:${predictor.port}`;
    const remote = remoteSettings({ ...defaultServerOptions(), predictorHost }) as RemoteSettings;
    const source = await discoverModel(folder.path, { remote });
    const log = () => undefined;
    await using executor = await startExecutor(source, {
      workers: 1,
      intraOpThreads: undefined,
      maxQueueSize: 1,
      log,
    });
    const job = { ...instancesJob(V1.instances), headers: { authorization: "me" } };
    const read: Prediction[] = [];
    for await (const prediction of executor.stream(job, never)) read.push(prediction);
    expect(read).toEqual([
      { kind: "array", values: [[2, 4]] },
      { kind: "array", values: [[6, 8]] },
    ]);
  });
});
