import { type AddressInfo, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isKtsError } from "../../../contract/errors.ts";
import { FileDescriptorProto } from "../../../protocol/grpc/messages/descriptor.ts";
import { decodeMessage } from "../../../protocol/grpc.ts";
import { SERVER_EXTENSIONS } from "../../../runtime/data-plane.ts";
import { repositoryOf } from "../models/repository-folder.ts";
import { type TestServer, serveFolder, servePredictor } from "../serving.ts";
import { TestClient } from "./client.ts";
import { eventOf } from "./raw-call.ts";

const SIGNED = `
export const execution = "inline";
export const inputs = [{ name: "x", datatype: "FP32", shape: [-1, 2] }];
export const outputs = [{ name: "y", datatype: "FP32", shape: [-1, 2] }];
export const predict = (_model, { x }) => { if (x.data[0] === 9) throw new Error("nine"); return x; };
`;

let server: TestServer;
let client: TestClient;
beforeAll(async () => {
  server = await servePredictor(SIGNED);
  client = new TestClient(server.grpcPort);
});
afterAll(async () => {
  client[Symbol.dispose]();
  await server.stop();
});

describe("the server", () => {
  it("is live and ready, and has a name, a version and extensions", async () => {
    expect((await client.call("ServerLive", {})).answer).toEqual({ live: true });
    expect((await client.call("ServerReady", {})).answer).toEqual({ ready: true });
    expect((await client.call("ServerMetadata", {})).answer).toEqual({
      name: "kserve-ts",
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      extensions: SERVER_EXTENSIONS,
    });
  });
});

describe("a model", () => {
  it("is ready, or not there", async () => {
    expect((await client.call("ModelReady", { name: "m" })).answer).toEqual({ ready: true });
    const { error } = await client.call("ModelReady", { name: "other" });
    expect([error?.code, error?.details]).toEqual([5, "Model with name other does not exist."]);
  });

  it("has its signature as metadata", async () => {
    expect((await client.call("ModelMetadata", { name: "m" })).answer).toEqual({
      name: "m",
      platform: "kserve-ts",
      inputs: [{ name: "x", datatype: "FP32", shape: ["-1", "2"] }],
      outputs: [{ name: "y", datatype: "FP32", shape: ["-1", "2"] }],
    });
  });

  it("that is not loaded is UNAVAILABLE, and its server not ready", async () => {
    const grpcPort = await freePort();
    const starting = servePredictor(
      `${SIGNED}\nexport const load = () => new Promise((resolve) => setTimeout(resolve, 1_500));`,
      { options: { grpcPort } },
    );
    using other = new TestClient(grpcPort);
    let early = await other.call("ModelReady", { name: "m" });
    for (; early.status.code !== 0; await sleep(20)) early = await other.call("ModelReady", { name: "m" });
    expect(early.answer).toEqual({});
    expect((await other.call("ServerLive", {})).answer).toEqual({ live: true });
    expect((await other.call("ServerReady", {})).answer).toEqual({});
    expect((await other.call("grpc.health.v1.Health/Check", {})).answer).toEqual({ status: 2 });
    const { error } = await other.call("ModelInfer", { model_name: "m" });
    expect([error?.code, error?.details]).toEqual([
      14,
      "Model with name m is not ready. It is being loaded.",
    ]);
    await expect
      .poll(async () => (await other.call("RepositoryIndex", {})).answer)
      .toEqual({ models: [{ name: "m", state: "LOADING", reason: "It is being loaded." }] });
    expect((await other.call("RepositoryIndex", { ready: true })).answer).toEqual({});
    await using server = await starting;
    expect((await other.call("ModelReady", { name: "m" })).answer).toEqual({
      ready: server.state === "ready",
    });
  });

  it("has statistics", async () => {
    await using counted = await servePredictor(SIGNED);
    using other = new TestClient(counted.grpcPort);
    const input = (value: number) => ({
      model_name: "m",
      inputs: [
        { name: "x", datatype: "FP32", shape: [3, 2], contents: { fp32_contents: Array(6).fill(value) } },
      ],
    });
    await other.infer(input(1));
    await other.infer(input(2));
    expect((await other.call("ModelInfer", input(9))).status.code).toBe(13);
    const { answer } = await other.call("ModelStatistics", {});
    const [statistics] = answer["model_stats"] as Record<string, unknown>[];
    expect(statistics).toMatchObject({
      name: "m",
      inference_count: "9",
      inference_stats: { success: { count: "2" }, fail: { count: "1" }, queue: { count: "2" } },
    });
    // The warm-up is a run of the predictor too.
    expect(Number(statistics?.["execution_count"])).toBeGreaterThanOrEqual(2);
    expect(Number(statistics?.["last_inference"])).toBeGreaterThan(Date.now() - 60_000);
    const { success, fail } = statistics?.["inference_stats"] as Record<string, { ns: string }>;
    expect(Number(success?.ns)).toBeGreaterThan(0);
    expect(Number(fail?.ns)).toBeGreaterThan(0);
    expect((await other.call("ModelStatistics", { name: "none" })).status.code).toBe(5);
  });
});

describe("the repository", () => {
  it("lists the models", async () => {
    const models = [{ name: "m", state: "READY" }];
    expect((await client.call("RepositoryIndex", {})).answer).toEqual({ models });
    expect((await client.call("RepositoryIndex", { ready: true })).answer).toEqual({ models });
  });

  it.each([
    ["KServe's clients", { model_name: "m" }],
    ["KServe's clients, by its field number", { repository_name: "m" }],
    ["Triton's clients", { repository_name: "somewhere", model_name: "m" }],
  ])("unloads and loads for %s", async (_who, request) => {
    await using repository = await repositoryOf({ "m/predictor.mjs": SIGNED, "n/predictor.mjs": SIGNED });
    await using own = await serveFolder(repository.path);
    using other = new TestClient(own.grpcPort);
    const states = async () => (await other.call("RepositoryIndex", {})).answer["models"];
    expect((await other.call("RepositoryModelUnload", request)).status.code).toBe(0);
    expect(await states()).toMatchObject([
      { name: "m", state: "UNAVAILABLE", reason: "It has been unloaded." },
      { name: "n", state: "READY" },
    ]);
    expect((await other.call("ModelReady", { name: "m" })).status.code).toBe(5);
    expect((await other.call("RepositoryModelLoad", request)).status.code).toBe(0);
    expect(await states()).toEqual([
      { name: "m", state: "READY" },
      { name: "n", state: "READY" },
    ]);
  });

  it("refuses a load that brings its own configuration or files, as it cannot take them", async () => {
    for (const name of ["config", "file:1/model.onnx"]) {
      const parameters = { [name]: { string_param: "{}" } };
      const { error } = await client.call("RepositoryModelLoad", { model_name: "m", parameters });
      expect([error?.code, error?.details]).toEqual([
        3,
        `parameters["${name}"]: a model is loaded as its folder has it; put the configuration and files there`,
      ]);
    }
    const parameters = { other: { bool_param: true } };
    expect((await client.call("RepositoryModelUnload", { model_name: "none", parameters })).status.code).toBe(
      5,
    );
  });

  it.each(["RepositoryModelLoad", "RepositoryModelUnload"])(
    "%s of an unknown model is NOT_FOUND",
    async (method) => {
      const { error } = await client.call(method, { repository_name: "m", model_name: "none" });
      expect([error?.code, error?.details]).toEqual([5, "Model with name none does not exist."]);
    },
  );
});

describe("health", () => {
  const SERVING = { status: "SERVING" };
  const byName = (answer: Record<string, unknown>) => {
    const names = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];
    return { status: names[Number(answer["status"])] };
  };

  it.each(["", "inference.GRPCInferenceService", "readiness", "liveness"])(
    "of %j is SERVING",
    async (service) => {
      expect(byName((await client.call("grpc.health.v1.Health/Check", { service })).answer)).toEqual(SERVING);
    },
  );

  it("of an unknown service is NOT_FOUND", async () => {
    const { error } = await client.call("grpc.health.v1.Health/Check", { service: "x" });
    expect([error?.code, error?.details]).toEqual([5, 'There is no service "x".']);
  });

  it("lists every service", async () => {
    const { answer } = await client.call("grpc.health.v1.Health/List", {});
    expect(Object.keys(answer["statuses"] as object)).toEqual([
      "",
      "inference.GRPCInferenceService",
      "readiness",
      "liveness",
    ]);
  });

  it("is watched: the state comes at once, again when it changes, and the end with the server's", async () => {
    const watched = await servePredictor(SIGNED, { options: { drainDelayMs: 1_000 } });
    using other = new TestClient(watched.grpcPort);
    const stream = other.watch("grpc.health.v1.Health/Watch", {});
    const states: unknown[] = [];
    const ended = eventOf(stream, "status") as Promise<[{ code: number; details: string }]>;
    stream.on("error", () => undefined);
    const first = eventOf(stream, "data");
    stream.on("data", (answer: Record<string, unknown>) => states.push(byName(answer).status));
    await first;
    await watched.stop();
    const [status] = await ended;
    expect([status.code, status.details]).toEqual([14, "The server is shutting down."]);
    expect(states).toEqual(["SERVING", "NOT_SERVING"]);
  });

  it("of an unknown service can be watched as well", async () => {
    const stream = client.watch("grpc.health.v1.Health/Watch", { service: "x" });
    stream.on("error", () => undefined);
    const [answer] = (await eventOf(stream, "data")) as [Record<string, unknown>];
    expect(byName(answer)).toEqual({ status: "SERVICE_UNKNOWN" });
    stream.cancel();
  });
});

describe.each(["v1", "v1alpha"])("reflection %s", (version) => {
  async function ask(...requests: object[]): Promise<Record<string, unknown>[]> {
    const stream = client.open(`grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`);
    const answers: Record<string, unknown>[] = [];
    stream.on("data", (answer: Record<string, unknown>) => answers.push(answer));
    const status = eventOf(stream, "status") as Promise<[{ code: number }]>;
    for (const request of requests) stream.write(request);
    stream.end();
    expect((await status)[0].code).toBe(0);
    return answers;
  }

  const fileNameOf = (answer: Record<string, unknown> | undefined) => {
    const files = answer?.["file_descriptor_response"] as { file_descriptor_proto: Buffer[] } | undefined;
    return files?.file_descriptor_proto.map((bytes) => decodeMessage(FileDescriptorProto, bytes).name);
  };

  it("lists the services", async () => {
    const [answer] = await ask({ host: "h", list_services: "*" });
    expect(answer).toMatchObject({
      valid_host: "h",
      original_request: { host: "h", list_services: "*" },
      list_services_response: {
        service: [
          { name: "grpc.health.v1.Health" },
          { name: "grpc.reflection.v1.ServerReflection" },
          { name: "grpc.reflection.v1alpha.ServerReflection" },
          { name: "inference.GRPCInferenceService" },
        ],
      },
    });
  });

  it("finds files by name and by any symbol, several in one call and in order", async () => {
    const symbols = [
      "inference.GRPCInferenceService",
      "inference.GRPCInferenceService.ModelInfer",
      "inference.ModelInferRequest",
      "inference.ModelInferRequest.InferInputTensor",
      "inference.ModelInferRequest.InferInputTensor.shape",
      "inference.InferParameter.parameter_choice",
    ];
    const answers = await ask(
      ...symbols.map((symbol) => ({ file_containing_symbol: symbol })),
      { file_by_filename: "grpc/health/v1/health.proto" },
      { file_containing_symbol: "grpc.health.v1.HealthCheckResponse.SERVING" },
    );
    expect(answers.map(fileNameOf)).toEqual([
      ...symbols.map(() => ["grpc_predict_v2.proto"]),
      ["grpc/health/v1/health.proto"],
      ["grpc/health/v1/health.proto"],
    ]);
  });

  it("says what is not there, and that nothing has extensions", async () => {
    const answers = await ask(
      { file_containing_symbol: "inference.None" },
      { file_by_filename: "none.proto" },
      { all_extension_numbers_of_type: "inference.InferParameter" },
      { all_extension_numbers_of_type: "inference.None" },
      { file_containing_extension: { containing_type: "inference.InferParameter", extension_number: 1 } },
      {},
    );
    const codes = answers.map(
      (answer) => (answer["error_response"] as { error_code: number } | undefined)?.error_code,
    );
    expect(codes).toEqual([5, 5, undefined, 5, 5, 3]);
    expect(answers[2]).toMatchObject({
      all_extension_numbers_response: { base_type_name: "inference.InferParameter" },
    });
  });
});

describe("the port", () => {
  it("that is taken is named with its flag", async () => {
    const error: unknown = await servePredictor(SIGNED, { options: { grpcPort: server.grpcPort } }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(isKtsError(error) && [error.code, error.message]).toEqual([
      "KTS_PORT_IN_USE",
      `port ${server.grpcPort} on 127.0.0.1 is in use by another program; choose another with --grpc_port.`,
    ]);
  });

  it("is not there without gRPC", async () => {
    await using restOnly = await servePredictor(SIGNED, { options: { enableGrpc: false } });
    expect(restOnly.grpcPort).toBeUndefined();
  });
});

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
