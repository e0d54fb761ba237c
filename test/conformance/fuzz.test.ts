import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningServer } from "../../runtime/index.ts";
import { RawClient, post } from "../runtime/http/raw-client.ts";
import { type FuzzRequest, MUTATION_KINDS, type Mutation, mutate } from "./mutate.ts";
import { encode } from "./exchange.ts";
import { serveVectorModel } from "./servers.ts";
import type { VectorModel, VectorRequest } from "./vector.ts";

/** Other seeds and more runs: `KSERVE_TS_FUZZ_SEED=7 KSERVE_TS_FUZZ_RUNS=20000 vitest run test/conformance/fuzz`. */
const SEED = Number(process.env["KSERVE_TS_FUZZ_SEED"] ?? 1);
const RUNS = Number(process.env["KSERVE_TS_FUZZ_RUNS"] ?? 500);
const LONGEST_MS = 120_000 + RUNS * 20;

const FLOATS = Buffer.from(new Float32Array([1, 2, 3, 4]).buffer).toString("base64");
const INTEGER = Buffer.from(new BigInt64Array([2n]).buffer).toString("base64");

/** Requests that are right, for each model: what is spoilt. */
const REQUESTS: Partial<Record<VectorModel, readonly VectorRequest[]>> = {
  "iris-onnx": [
    {
      method: "POST",
      path: "/v1/models/iris-onnx:predict",
      body: {
        instances: [
          [1, 2, 3, 4],
          [0.1, 2e-3, 5, 6],
        ],
      },
    },
    {
      method: "POST",
      path: "/v2/models/iris-onnx/infer",
      body: {
        id: "f",
        parameters: { a: 1 },
        inputs: [{ name: "input", shape: [1, 4], datatype: "FP32", data: [1, 2.5, -3e1, 4] }],
        outputs: [{ name: "label", parameters: { binary_data: false } }],
      },
    },
    {
      method: "POST",
      path: "/v2/models/iris-onnx/infer",
      binary: {
        json: {
          parameters: { binary_data_output: true },
          inputs: [{ name: "input", shape: [1, 4], datatype: "FP32", parameters: { binary_data_size: 16 } }],
        },
        tensors: [FLOATS],
      },
    },
  ],
  "multi-io-onnx": [
    {
      method: "POST",
      path: "/v1/models/multi-io-onnx:predict",
      body: { instances: [{ values: [1, 2, 3], scale: 2 }] },
    },
    {
      method: "POST",
      path: "/v2/models/multi-io-onnx/infer",
      binary: {
        json: {
          inputs: [
            { name: "values", shape: [1, 3], datatype: "FP32", data: [[1, 2, 3]] },
            { name: "scale", shape: [1], datatype: "INT64", parameters: { binary_data_size: 8 } },
          ],
          outputs: [{ name: "half", parameters: { binary_data: true } }, { name: "scaled" }],
        },
        tensors: [INTEGER],
      },
    },
  ],
  echo: [
    {
      method: "POST",
      path: "/v1/models/echo:predict",
      headers: { "content-type": "application/cloudevents+json" },
      body: { specversion: "1.0", id: "1", source: "s", type: "t", size: 3, data: { instances: [1, "a"] } },
    },
    { method: "POST", path: "/v1/models/echo:predict", body: { instances: [1, { a: [null, "text"] }] } },
    {
      method: "POST",
      path: "/v2/models/echo/infer",
      body: {
        id: "f",
        inputs: [
          { name: "text", shape: [2], datatype: "BYTES", data: ["a", "日本"] },
          { name: "flag", shape: [2], datatype: "BOOL", data: [true, false] },
          { name: "long", shape: [1, 2], datatype: "UINT64", data: [[1, 2]] },
          { name: "half", shape: [1], datatype: "FP16", data: [0.5] },
        ],
      },
    },
    {
      method: "POST",
      path: "/v2/models/echo/infer",
      binary: {
        json: {
          parameters: { binary_data_output: true },
          inputs: [{ name: "x", shape: [2], datatype: "BYTES", parameters: { binary_data_size: 9 } }],
        },
        tensors: [Buffer.from([1, 0, 0, 0, 255, 0, 0, 0, 0]).toString("base64")],
      },
    },
  ],
};

const mutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(...MUTATION_KINDS),
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    pick: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  }),
  { minLength: 1, maxLength: 4 },
);

describe.each(Object.entries(REQUESTS))("a server of %s", (model, requests) => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await serveVectorModel(model as VectorModel);
  });
  afterAll(() => server.stop());

  it(
    "answers every spoilt request with 2xx, 4xx or 501, in our shape, and lives",
    async () => {
      const spoilt = fc.asyncProperty(fc.constantFrom(...requests), mutations, async (request, list) => {
        await expectAnswer(server.port, list.reduce(mutate, asBytes(request)));
      });
      await fc.assert(spoilt, { seed: SEED, numRuns: RUNS, interruptAfterTimeLimit: LONGEST_MS });
      await expectAlive(server.port, requests);
    },
    LONGEST_MS * 2,
  );
});

function asBytes(request: VectorRequest): FuzzRequest {
  const { body = Buffer.alloc(0), headers } = encode(request);
  const { "content-length": _length, ...rest } = headers;
  return { path: request.path, headers: rest, body };
}

/** A connection of its own for each request, so that a lost answer is this request's. */
async function expectAnswer(port: number, { path, headers, body }: FuzzRequest): Promise<void> {
  using client = await RawClient.connect(port);
  await client.send(post(path, body, { ...headers }));
  let answer = await client.answer();
  while (answer.status === 100) answer = await client.answer();
  const text = answer.body.toString();
  if (answer.status === 200) return;
  expect(
    answer.status === 501 || (answer.status >= 400 && answer.status < 500),
    `${answer.status} ${text}`,
  ).toBe(true);
  expect(answer.headers.get("content-type")).toBe("application/json");
  const error = JSON.parse(text) as Record<string, unknown>;
  expect(Object.keys(error)).toEqual(["error"]);
  expect(error["error"]).toMatch(/./);
}

/** Right requests are still answered, and nothing has leaked into every object. */
async function expectAlive(port: number, requests: readonly VectorRequest[]): Promise<void> {
  for (const request of requests) {
    const { path, headers, body } = asBytes(request);
    using client = await RawClient.connect(port);
    await client.send(post(path, body, { ...headers }));
    expect((await client.answer()).status).toBe(200);
  }
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
}
