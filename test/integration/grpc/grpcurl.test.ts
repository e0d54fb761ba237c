import { afterAll, beforeAll, expect, it } from "vitest";
import { echoServer } from "./echo-server.ts";
import { type Finished, goProgram, run } from "./tools.ts";

let program: string;
let server: Awaited<ReturnType<typeof echoServer>>;
beforeAll(async () => {
  program = await goProgram("grpcurl");
  server = await echoServer();
});
afterAll(() => server.stop());

function grpcurl(...args: string[]): Promise<Finished> {
  return run(program, ["-plaintext", ...args]);
}

async function call(method: string, request: object): Promise<unknown> {
  const { code, stdout, stderr } = await grpcurl("-d", JSON.stringify(request), server.address, method);
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
}

it("lists the services by reflection", async () => {
  const { stdout } = await grpcurl(server.address, "list");
  expect(stdout.trim().split("\n")).toEqual([
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
    "inference.GRPCInferenceService",
  ]);
});

it("describes every method and message of every service", async () => {
  const { stdout: services } = await grpcurl(server.address, "list");
  for (const service of services.trim().split("\n")) {
    const { code, stdout } = await grpcurl(server.address, "describe", service);
    expect(code).toBe(0);
    for (const [, name = ""] of stdout.matchAll(/[( ]\.([\w.]+)/g)) {
      const described = await grpcurl(server.address, "describe", name);
      expect([described.code, described.stdout]).toEqual([
        0,
        expect.stringContaining(`${name} is a message`),
      ]);
    }
  }
});

it("calls a model, knowing it only by reflection", async () => {
  const contents = { fp32_contents: [1, 2.5], bytes_contents: undefined };
  const inputs = [{ name: "x", datatype: "FP32", shape: [2], contents }];
  expect(
    await call("inference.GRPCInferenceService/ModelInfer", { model_name: "m", id: "7", inputs }),
  ).toEqual({
    modelName: "m",
    id: "7",
    outputs: [{ name: "x", datatype: "FP32", shape: ["2"], contents: { fp32Contents: [1, 2.5] } }],
  });
});

it("checks health, and ends with the status of what is not there", async () => {
  expect(await call("grpc.health.v1.Health/Check", {})).toEqual({ status: "SERVING" });
  const { code, stderr } = await grpcurl(
    "-d",
    '{"service":"x"}',
    server.address,
    "grpc.health.v1.Health/Check",
  );
  expect(code).toBe(64 + 5);
  expect(stderr).toContain('There is no service "x".');
});

it("gets statistics, metadata and the repository's index", async () => {
  expect(await call("inference.GRPCInferenceService/ServerMetadata", {})).toMatchObject({
    name: "kserve-ts",
  });
  expect(await call("inference.GRPCInferenceService/ModelStatistics", {})).toMatchObject({
    modelStats: [{ name: "m" }],
  });
  expect(await call("inference.GRPCInferenceService/RepositoryIndex", {})).toEqual({
    models: [{ name: "m", state: "READY" }],
  });
});
