import { describe, expect, it } from "vitest";
import { answeringLate, repositoryOf } from "../models/repository-folder.ts";
import { type TestServer, postJson, serveFolder } from "../serving.ts";

/** Tells its thread, and does what the first instance says. */
const WORKER = `
  import { threadId } from "node:worker_threads";
  export const predict = async (_model, [what]) => {
    if (what === "exit") process.exit(3);
    if (what === "throw later") { setTimeout(() => { throw new Error("late"); }, 1); await new Promise(() => {}); }
    if (what === "block") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_000);
    return [threadId];
  };
`;

/** A file for each of so many models. */
function models(count: number, source = WORKER): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`m${at}/predictor.mjs`, source]));
}

async function ask(server: TestServer, name: string, what: unknown = "thread"): Promise<unknown> {
  const { status, body } = await postJson(server, `/v1/models/${name}:predict`, { instances: [what] });
  return status === 200 ? (body as { predictions: unknown[] }).predictions[0] : status;
}

async function change(server: TestServer, what: "load" | "unload", name: string): Promise<number> {
  return (await postJson(server, `/v2/repository/models/${name}/${what}`, "")).status;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function ready(server: TestServer): Promise<boolean> {
  return (await fetch(`${server.url}/v2/health/ready`)).status === 200;
}

describe("models that share workers", () => {
  it("are spread evenly over so many threads", async () => {
    await using repository = await repositoryOf(models(6));
    await using server = await serveFolder(repository.path, { options: { sharedWorkers: 2 } });
    const threads = await Promise.all(Array.from({ length: 6 }, (_, at) => ask(server, `m${at}`)));
    const counts = Map.groupBy(threads, (thread) => thread);
    expect([...counts.values()].map(({ length }) => length)).toEqual([3, 3]);
    expect(server.workers).toBe(2);
  });

  it("do so by themselves where there are more models than CPUs, but for those with workers of their own", async () => {
    await using repository = await repositoryOf({
      ...models(140, "export const predict = () => [1];"),
      "own/predictor.mjs": WORKER,
      "own/kserve.config.json": '{"model":{"workers":2}}',
    });
    await using server = await serveFolder(repository.path);
    expect(server.models.length).toBe(141);
    expect(server.workers).toBeLessThan(141);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toContain('kserve_ts_workers{model_name="own"} 2');
  });

  it("have a thread each with --shared_workers 0", async () => {
    await using repository = await repositoryOf(models(3));
    await using server = await serveFolder(repository.path, { options: { sharedWorkers: 0 } });
    const threads = await Promise.all(["m0", "m1", "m2"].map((name) => ask(server, name)));
    expect(new Set(threads).size).toBe(3);
  });

  it("are all served again after one of them ended their thread, and only its own request is lost", async () => {
    await using repository = await repositoryOf(models(3));
    await using server = await serveFolder(repository.path, { options: { sharedWorkers: 1 } });
    const before = await ask(server, "m1");
    for (let round = 0; round < 4; round++) {
      expect(await ask(server, "m0", "exit")).toBe(503);
      await until(() => ready(server));
      expect(await ask(server, "m2")).toEqual(expect.any(Number));
    }
    expect(await ask(server, "m1")).not.toBe(before);
  });

  it("are not to blame for another's exception, however often it comes", async () => {
    await using repository = await repositoryOf(models(2));
    await using server = await serveFolder(repository.path, { options: { sharedWorkers: 1 } });
    for (let round = 0; round < 4; round++) {
      expect(await ask(server, "m0", "throw later")).toBe(503);
      await until(() => ready(server));
    }
    expect(await ask(server, "m1")).toEqual(expect.any(Number));
  });

  it("load although another ends their thread while it is loaded", async () => {
    await using repository = await repositoryOf({
      ...models(4),
      "bad/predictor.mjs": "export const load = () => process.exit(1);\nexport const predict = () => [];",
    });
    await using server = await serveFolder(repository.path, { options: { sharedWorkers: 1 } });
    for (let at = 0; at < 4; at++) {
      await until(async () => (await ask(server, `m${at}`)) !== 503);
      expect(await ask(server, `m${at}`)).toEqual(expect.any(Number));
    }
    expect(await ask(server, "bad")).toBe(503);
  });

  it("read changed code anew in the thread that has the old", async () => {
    await using repository = await repositoryOf({
      "a/predictor.mjs": answeringLate("a1", 0),
      "b/predictor.mjs": answeringLate("b1", 0),
    });
    await using server = await serveFolder(repository.path, { options: { sharedWorkers: 1 } });
    await repository.write({ "a/predictor.mjs": answeringLate("a two", 0) });
    expect(await change(server, "load", "a")).toBe(200);
    expect([await ask(server, "a"), await ask(server, "b")]).toEqual(["a two", "b1"]);
    expect(server.workers).toBe(1);
  });

  it("leave the thread one by one, running their unload, and the last ends it", async () => {
    const source = `
      export const load = ({ log, modelName }) => ({ log, modelName });
      export const predict = () => [1];
      export const unload = ({ log, modelName }) => log.info("left " + modelName);
    `;
    await using repository = await repositoryOf(models(2, source));
    await using server = await serveFolder(repository.path, { options: { sharedWorkers: 1 } });
    await change(server, "unload", "m0");
    await until(() => server.log.join("").includes("left m0"));
    expect([await ask(server, "m0"), await ask(server, "m1")]).toEqual([404, 1]);
    expect(server.workers).toBe(1);
    await change(server, "unload", "m1");
    expect(server.workers).toBe(0);
    await change(server, "load", "m1");
    expect(await ask(server, "m1")).toBe(1);
  });

  it("do not keep probes from being answered while one of them blocks the thread", async () => {
    await using repository = await repositoryOf(models(2));
    await using server = await serveFolder(repository.path, { options: { sharedWorkers: 1 } });
    let ended = false;
    const blocked = ask(server, "m0", "block").finally(() => (ended = true));
    const behind = ask(server, "m1");
    for (let probes = 0; probes < 10; probes++) expect(await ready(server)).toBe(true);
    expect(ended).toBe(false);
    expect(await blocked).toEqual(await behind);
  });

  it("say what keeps one from loading", async () => {
    await using repository = await repositoryOf({
      ...models(1),
      "bad/predictor.mjs": "export const predict = 1;",
    });
    await using server = await serveFolder(repository.path, { options: { sharedWorkers: 1 } });
    const { body } = await postJson(server, "/v2/repository/index", {});
    expect((body as { reason: string }[])[0]?.reason).toContain("exports predict as the number 1");
    expect(await ask(server, "m0")).toEqual(expect.any(Number));
  });

  it("stop with the server", async () => {
    await using repository = await repositoryOf(models(3));
    const server = await serveFolder(repository.path, { options: { sharedWorkers: 2 } });
    await server.stop();
    expect(server.workers).toBe(0);
  });
});
