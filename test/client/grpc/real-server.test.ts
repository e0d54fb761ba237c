import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GrpcInferenceClient } from "../../../client/index.ts";
import { DATATYPES, type NamedTensors, type Tensor, fromFloat32, tensor } from "../../../contract/index.ts";
import { ECHO, type TestServer, servePredictor } from "../../runtime/serving.ts";
import { failureOf } from "../fixed-server.ts";

/** Every datatype with its extremes. */
const SAMPLES: NamedTensors = {
  BOOL: tensor("BOOL", [2], [true, false]),
  UINT8: tensor("UINT8", [2], [0, 255]),
  UINT16: tensor("UINT16", [2], [0, 65_535]),
  UINT32: tensor("UINT32", [2], [0, 4_294_967_295]),
  UINT64: tensor("UINT64", [3], [0n, 9_007_199_254_740_993n, 18_446_744_073_709_551_615n]),
  INT8: tensor("INT8", [2], [-128, 127]),
  INT16: tensor("INT16", [2], [-32_768, 32_767]),
  INT32: tensor("INT32", [2], [-2_147_483_648, 2_147_483_647]),
  INT64: tensor("INT64", [2], [-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n]),
  FP16: fromFloat32("FP16", [3], [0.1, -65_504, 6e-8]),
  BF16: fromFloat32("BF16", [2], [0.1, -3e38]),
  FP32: tensor("FP32", [2, 3], [0.1, -3.4e38, 1e-45, -0, NaN, Infinity]),
  FP64: tensor("FP64", [3], [0.1, 5e-324, -Infinity]),
  BYTES: tensor("BYTES", [4], ["", "zwölf", new Uint8Array([0xff, 0xfe]), "\n"]),
};

const SIGNED = `
export const execution = "inline";
export const inputs = [{ name: "x", datatype: "FP32", shape: [-1, 2] }];
export const outputs = [{ name: "y", datatype: "FP32", shape: [-1, 2] }];
export const predict = async (_model, { x }, ctx) => {
  if (x.data[0] === 9) throw new Error("nine, größer");
  if (x.data[0] === 8) return new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason)));
  return x;
};
`;

const X = tensor("FP32", [1, 2], [1, 2]);

describe("an echo", () => {
  let server: TestServer;
  let client: GrpcInferenceClient;
  beforeAll(async () => {
    server = await servePredictor(ECHO, {
      options: { grpcMaxReceiveBytes: 64 * 1_048_576, grpcMaxSendBytes: 64 * 1_048_576 },
    });
    client = new GrpcInferenceClient(`127.0.0.1:${server.grpcPort}`);
  });
  afterAll(async () => {
    client.close();
    await server.stop();
  });

  it.each(
    DATATYPES.flatMap((datatype) =>
      [true, false].map((binary) => [datatype, binary ? "raw" : "typed", binary] as const),
    ),
  )("gives %s back as it came, in %s contents", async (datatype, _form, binary) => {
    const sent = SAMPLES[datatype] as Tensor;
    const { outputs, modelName, modelVersion } = await client.infer("m", { x: sent }, { binary });
    expect({ modelName, modelVersion }).toEqual({ modelName: "m", modelVersion: undefined });
    expect(Object.keys(outputs)).toEqual(["x"]);
    expect(outputs["x"]).toEqual(sent);
  });

  it("carries the id, and a tensor larger than any window", { timeout: 30_000 }, async () => {
    const data = new Float32Array(6_000_000);
    for (let index = 0; index < data.length; index += 997) data[index] = index;
    const big = { datatype: "FP32" as const, shape: [data.length], data };
    const { id, outputs } = await client.infer("m", { x: big, y: X }, { id: "seven" });
    expect(id).toBe("seven");
    expect(Buffer.compare(bytesOf(outputs["x"]), bytesOf(big))).toBe(0);
    expect(outputs["y"]).toEqual(X);
  });

  it("answers many calls at once, each with its own", async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => client.infer("m", { x: tensor("INT32", [1], [index]) })),
    );
    expect(answers.map(({ outputs }) => outputs["x"]?.data[0])).toEqual(answers.map((_, index) => index));
  });
});

describe("a model with a signature", () => {
  let server: TestServer;
  let client: GrpcInferenceClient;
  beforeAll(async () => {
    server = await servePredictor(SIGNED);
    client = new GrpcInferenceClient(`grpc://127.0.0.1:${server.grpcPort}`);
  });
  afterAll(async () => {
    client.close();
    await server.stop();
  });

  it("is live and ready, and says what it is", async () => {
    expect([await client.live(), await client.ready(), await client.modelReady("m")]).toEqual([
      true,
      true,
      true,
    ]);
    expect(await client.serverMetadata()).toEqual({
      name: "kserve-ts",
      version: expect.stringMatching(/^\d+\./) as string,
      extensions: expect.arrayContaining(["statistics"]) as string[],
    });
    expect(await client.modelMetadata("m")).toEqual({
      name: "m",
      versions: [],
      platform: "kserve-ts",
      inputs: [{ name: "x", datatype: "FP32", shape: [-1, 2] }],
      outputs: [{ name: "y", datatype: "FP32", shape: [-1, 2] }],
    });
  });

  it("is in the repository's index, and in the statistics", async () => {
    await client.infer("m", { x: X });
    expect(await client.repositoryIndex()).toEqual([
      { name: "m", version: undefined, state: "READY", reason: "" },
    ]);
    const [statistics, ...others] = await client.statistics("m");
    expect(others).toEqual([]);
    expect(statistics).toMatchObject({ name: "m", version: undefined });
    expect(statistics?.success.count).toBeGreaterThan(0);
    expect(statistics?.success.ns).toBeGreaterThan(0);
  });

  it("fails as over REST, with gRPC's status", async () => {
    expect(await failureOf(client.infer("other", { x: X }))).toMatchObject({
      code: "KTS_SERVER_ANSWERED",
      status: 404,
      grpcStatus: 5,
      message: "The server answered NOT_FOUND: Model with name other does not exist.",
    });
    expect(await failureOf(client.infer("m", { z: X }))).toMatchObject({ status: 400, grpcStatus: 3 });
    expect(await failureOf(client.infer("m", { x: tensor("FP32", [1, 2], [9, 0]) }))).toMatchObject({
      status: 500,
      grpcStatus: 13,
      message: expect.stringContaining("nine, größer") as string,
    });
  });

  it("is told the deadline, and stops when it has passed", async () => {
    const slow = tensor("FP32", [1, 2], [8, 0]);
    expect(await failureOf(client.infer("m", { x: slow }, { timeoutMs: 50 }))).toMatchObject({
      code: "KTS_DEADLINE_EXCEEDED",
      grpcStatus: 4,
    });
    expect(await client.live()).toBe(true);
  });

  it("throws the signal's reason, and the connection lives on", async () => {
    const controller = new AbortController();
    const call = client.infer("m", { x: tensor("FP32", [1, 2], [8, 0]) }, { signal: controller.signal });
    const reason = new Error("no longer needed");
    setImmediate(() => controller.abort(reason));
    expect(await failureOf(call)).toBe(reason);
    expect(await failureOf(client.live({ signal: controller.signal }))).toBe(reason);
    expect(await client.live()).toBe(true);
  });
});

describe("large tensors both ways", () => {
  it("do not keep each other from arriving, many at once on one connection", async () => {
    await using server = await servePredictor(ECHO);
    using client = new GrpcInferenceClient(`127.0.0.1:${server.grpcPort}`);
    const lengths = await Promise.all(
      Array.from({ length: 6 }, async (_, first) => {
        const data = new Float64Array(500_000).fill(first);
        const { outputs } = await client.infer("m", { x: tensor("FP64", [500_000], data) });
        return outputs["x"]?.data.length;
      }),
    );
    expect(lengths).toEqual(Array(6).fill(500_000));
  });
});

describe("a server that restarts", () => {
  it("is found again by the same client", async () => {
    const first = await servePredictor(ECHO);
    const port = first.grpcPort ?? 0;
    using client = new GrpcInferenceClient(`127.0.0.1:${port}`);
    try {
      expect(await client.live()).toBe(true);
    } finally {
      await first.stop();
    }
    expect(await failureOf(client.live())).toMatchObject({ code: "KTS_SERVER_UNREACHABLE", exitCode: 6 });
    const second = await servePredictor(ECHO, { options: { grpcPort: port } });
    try {
      expect(await client.live()).toBe(true);
    } finally {
      await second.stop();
    }
  });
});

function bytesOf(value: Tensor | undefined): Buffer {
  const { buffer, byteOffset, byteLength } = value?.data as Float32Array<ArrayBuffer>;
  return Buffer.from(buffer, byteOffset, byteLength);
}
