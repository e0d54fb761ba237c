import { describe, expect, it } from "vitest";
import type { ModelStatistics } from "../../../runtime/telemetry/statistics.ts";
import { answering, repositoryOf } from "../models/repository-folder.ts";
import { type TestServer, postJson, serveFolder, servePredictor } from "../serving.ts";

async function statistics(server: TestServer, path: string): Promise<readonly ModelStatistics[]> {
  const response = await fetch(server.url + path);
  expect(response.status).toBe(200);
  return ((await response.json()) as { model_stats: ModelStatistics[] }).model_stats;
}

const NONE = { count: 0, ns: 0 };

describe("the statistics of a model", () => {
  it("count requests, instances and runs, and the time of each stage", async () => {
    await using server = await servePredictor(`
      const wait = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      export const preProcess = (request) => { wait(); return request.instances; };
      export const predict = (_model, instances) => { if (instances[0] === "bad") throw new Error("bad"); wait(); return instances; };
      export const postProcess = (values) => { wait(); return values; };
    `);
    const began = Date.now();
    for (let round = 0; round < 3; round++)
      await postJson(server, "/v1/models/m:predict", { instances: [1, 2] });
    await postJson(server, "/v1/models/m:predict", { instances: ["bad"] });
    await postJson(server, "/v1/models/m:predict", "not JSON");
    const [stats, ...others] = await statistics(server, "/v2/models/m/stats");
    expect(others).toEqual([]);
    const stage = { count: 3, ns: expect.any(Number) as number };
    expect(stats).toEqual({
      name: "m",
      version: "",
      last_inference: expect.any(Number),
      inference_count: 7,
      execution_count: 3,
      inference_stats: {
        success: stage,
        fail: { count: 2, ns: expect.any(Number) },
        queue: stage,
        compute_input: stage,
        compute_infer: stage,
        compute_output: stage,
        cache_hit: NONE,
        cache_miss: NONE,
      },
      batch_stats: [{ batch_size: 2, compute_input: stage, compute_infer: stage, compute_output: stage }],
    });
    const [batch] = stats?.batch_stats ?? [];
    expect(batch?.compute_infer).toEqual(stats?.inference_stats.compute_infer);
    expect(stats?.last_inference).toBeGreaterThanOrEqual(began);
    const inference = stats?.inference_stats;
    for (const part of ["compute_input", "compute_infer", "compute_output"] as const) {
      expect(inference?.[part].ns).toBeGreaterThanOrEqual(14_000_000);
    }
    expect(inference?.success.ns).toBeGreaterThanOrEqual(45_000_000);
  });

  it("tell runs apart by their instances", async () => {
    await using server = await servePredictor("export const predict = (_model, instances) => instances;");
    for (const instances of [[1, 2, 3], [1], [2]]) {
      await postJson(server, "/v1/models/m:predict", { instances });
    }
    const [stats] = await statistics(server, "/v2/models/m/stats");
    const counts = stats?.batch_stats.map((batch) => [batch.batch_size, batch.compute_infer.count]);
    expect(counts).toEqual([
      [1, 2],
      [3, 1],
    ]);
  });

  it("are of every model and version, of one, or of one version", async () => {
    await using repository = await repositoryOf({
      "kserve.config.json": JSON.stringify({ model: { versions: "all" } }),
      "a/predictor.mjs": answering("a"),
      "b/1/predictor.mjs": answering("b1"),
      "b/2/predictor.mjs": answering("b2"),
    });
    await using server = await serveFolder(repository.path);
    const named = (stats: readonly ModelStatistics[]) =>
      stats.map(({ name, version }) => `${name}/${version}`);
    expect(named(await statistics(server, "/v2/models/stats"))).toEqual(["a/", "b/2", "b/1"]);
    expect(named(await statistics(server, "/v2/models/b/stats"))).toEqual(["b/2", "b/1"]);
    expect(named(await statistics(server, "/v2/models/b/versions/1/stats"))).toEqual(["b/1"]);
  });

  it.each(["/v2/models/none/stats", "/v2/models/none/versions/1/stats"])("are 404 at %s", async (path) => {
    await using server = await servePredictor("export const predict = () => [];");
    const response = await fetch(server.url + path);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error: "Model with name none does not exist." });
  });
});
