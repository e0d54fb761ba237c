import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestServer, servePredictor } from "../serving.ts";
import { serialize } from "./client.ts";
import { RawConnection, frame, statusOf } from "./raw-call.ts";

const INFER = "/inference.GRPCInferenceService/ModelInfer";
const STREAM = "/inference.GRPCInferenceService/ModelStreamInfer";
const LIVE = "/inference.GRPCInferenceService/ServerLive";
const LOAD = "/inference.GRPCInferenceService/RepositoryModelLoad";
const MIB = 1_048_576;

/** Echoes, so that whatever gets through is answered. */
const PREDICTOR = `
export const execution = "inline";
export const predict = (_model, input) => input;
`;

let server: TestServer;
let connection: RawConnection;
beforeAll(async () => {
  server = await servePredictor(PREDICTOR, { options: { grpcMaxReceiveBytes: 4 * MIB } });
  connection = await RawConnection.open(server.grpcPort);
});
afterAll(async () => {
  await connection[Symbol.asyncDispose]();
  await server.stop();
});

function request(members: object = {}): Buffer {
  return serialize("ModelInfer", {
    model_name: "m",
    id: "7",
    parameters: { a: { int64_param: 1 }, b: { string_param: "x" } },
    inputs: [{ name: "x", datatype: "FP32", shape: [2], contents: { fp32_contents: [1, 2] } }],
    ...members,
  });
}

async function expectAlive(): Promise<void> {
  expect(statusOf(await connection.call(LIVE, [frame(Buffer.alloc(0))]))).toEqual([0, ""]);
}

/** INTERNAL, UNKNOWN and UNAVAILABLE would say that the server is at fault. */
const SERVER_FAULTS = [2, 13, 14];

describe("messages that are nearly right", () => {
  /** Other seeds and more runs, as for the fuzzer of bodies. */
  const seed = Number(process.env["KSERVE_TS_FUZZ_SEED"] ?? 1);
  const numRuns = Number(process.env["KSERVE_TS_FUZZ_RUNS"] ?? 300);
  const raw = request({
    inputs: [{ name: "x", datatype: "INT64", shape: [2] }],
    raw_input_contents: [Buffer.alloc(16, 1)],
  });
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    remove: fc.nat(6),
    insert: fc.uint8Array({ maxLength: 6 }),
  });

  it.each([
    ["ModelInfer", INFER],
    ["ModelStreamInfer", STREAM],
  ])(
    "are answered or refused, never a fault of the server's: %s",
    async (_name, path) => {
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(request(), raw),
          fc.array(change, { minLength: 1, maxLength: 4 }),
          async (original, changes) => {
            let bytes = original;
            for (const { at, remove, insert } of changes) {
              const start = Math.floor(at * bytes.length);
              bytes = Buffer.concat([bytes.subarray(0, start), insert, bytes.subarray(start + remove)]);
            }
            const [code, message] = statusOf(await connection.call(path, [frame(bytes)]));
            expect(SERVER_FAULTS, message).not.toContain(code);
          },
        ),
        { seed, numRuns },
      );
      await expectAlive();
    },
    60_000 + numRuns * 50,
  );
});

describe("a message that asks for more than it brings", () => {
  it.each([
    ["a shape beyond all memory", { inputs: [{ name: "x", datatype: "FP32", shape: [1e15, 1e15] }] }],
    ["a negative length", { inputs: [{ name: "x", datatype: "FP32", shape: [-1] }] }],
    [
      "raw bytes too few",
      { inputs: [{ name: "x", datatype: "FP32", shape: [9] }], raw_input_contents: [Buffer.alloc(4)] },
    ],
    ["raw bytes for no input", { raw_input_contents: [Buffer.alloc(8), Buffer.alloc(8)] }],
    [
      "an input twice",
      {
        inputs: Array.from({ length: 2 }, () => ({
          name: "x",
          datatype: "FP32",
          shape: [1],
          contents: { fp32_contents: [1] },
        })),
      },
    ],
  ])("is INVALID_ARGUMENT and says where: %s", async (_case, members) => {
    const [code, message] = statusOf(await connection.call(INFER, [frame(request(members))]));
    expect([code, message]).toEqual([3, expect.stringMatching(/inputs|shape|raw_input_contents|x/)]);
    await expectAlive();
  });

  it("is RESOURCE_EXHAUSTED at the limit where it unpacks to a gigabyte, and memory stays", async () => {
    const bomb = Buffer.concat(
      Array.from({ length: 64 }, () => gzipSync(Buffer.alloc(16 * MIB), { level: 1 })),
    );
    const before = process.memoryUsage.rss();
    let most = before;
    const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5);
    const answer = await connection.call(INFER, [frame(bomb, 1)], { "grpc-encoding": "gzip" });
    clearInterval(timer);
    expect(statusOf(answer)[0]).toBe(8);
    expect(Math.max(most, process.memoryUsage.rss()) - before).toBeLessThan(200 * MIB);
    await expectAlive();
  });
});

describe("a name that climbs", () => {
  it.each(["../m", "..", "/etc", "a/b", "m\0"])("is no model: %j", async (name) => {
    const load = serialize("RepositoryModelLoad", { model_name: name });
    for (const [path, message] of [
      [LOAD, load],
      [INFER, request({ model_name: name })],
    ] as const) {
      const [code] = statusOf(await connection.call(path, [frame(message)]));
      expect([3, 5, 12]).toContain(code);
    }
    await expectAlive();
  });
});

describe("callers that leave in the middle", () => {
  it("leave nothing behind, five hundred of them", async () => {
    const whole = frame(request());
    for (let round = 0; round < 5; round++) {
      await using leaving = await RawConnection.open(server.grpcPort);
      for (let count = 0; count < 100; count++) {
        const stream = leaving.open(INFER);
        stream.write(whole.subarray(0, count % whole.length));
      }
      await sleep(1);
    }
    const inFlight = async () =>
      (await (await fetch(`${server.url}/metrics`)).text()).match(/in_flight_requests\{.*\} (\d+)/)?.[1];
    while ((await inFlight()) !== "0") await sleep(5);
    await expectAlive();
  }, 60_000);
});
