import { cpSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type TestServer, postJson, serveFolder } from "../serving.ts";
import { BROKEN, answering, repositoryOf } from "./repository-folder.ts";

const iris = new URL("../../fixtures/models/iris-onnx/model/", import.meta.url).pathname;

const INFER = { inputs: [{ name: "x", shape: [1], datatype: "BYTES", data: ["?"] }] };

/** What answers at a V2 path: the version it says it is, and the predictor's word. */
async function infer(server: TestServer, path: string): Promise<unknown> {
  const { status, body } = await postJson(server, path, INFER);
  if (status !== 200) return [status, body];
  const { model_version, outputs } = body as { model_version?: string; outputs: { data: unknown[] }[] };
  return [model_version, outputs[0]?.data[0]];
}

/** A predictor of a version, which answers V2 with its word. */
function word(text: string): string {
  return `
    export const execution = "inline";
    export const predict = () => [${JSON.stringify(text)}];
  `;
}

async function get(server: TestServer, path: string): Promise<readonly [number, unknown]> {
  const response = await fetch(server.url + path);
  return [response.status, await response.json()];
}

async function versionsOf(server: TestServer, name: string): Promise<unknown> {
  const [status, body] = await get(server, `/v2/models/${name}`);
  return status === 200 ? (body as { versions: unknown }).versions : [status, body];
}

async function load(server: TestServer, name: string) {
  const { status, body } = await postJson(server, `/v2/repository/models/${name}/load`, "");
  return [status, body] as const;
}

const ALL = JSON.stringify({ models: { m: { versions: "all" } } });

describe("version folders", () => {
  it("have their highest number served, as TensorFlow Serving does", async () => {
    await using repository = await repositoryOf({
      "m/2/predictor.mjs": word("two"),
      "m/10/predictor.mjs": word("ten"),
    });
    await using server = await serveFolder(repository.path);
    expect(await infer(server, "/v2/models/m/infer")).toEqual(["10", "ten"]);
    expect(await infer(server, "/v2/models/m/versions/10/infer")).toEqual(["10", "ten"]);
    expect(await infer(server, "/v2/models/m/versions/2/infer")).toEqual([
      404,
      { error: "Model with name m and version 2 does not exist." },
    ]);
    expect(await versionsOf(server, "m")).toEqual(["10"]);
  });

  it("are all served where the setting says so, each at its own path", async () => {
    await using repository = await repositoryOf({
      "kserve.config.json": ALL,
      "m/1/predictor.mjs": word("one"),
      "m/2/predictor.mjs": word("two"),
    });
    await using server = await serveFolder(repository.path);
    expect(await infer(server, "/v2/models/m/versions/1/infer")).toEqual(["1", "one"]);
    expect(await infer(server, "/v2/models/m/versions/2/infer")).toEqual(["2", "two"]);
    expect(await infer(server, "/v2/models/m/infer")).toEqual(["2", "two"]);
    expect(await versionsOf(server, "m")).toEqual(["1", "2"]);
    expect(await get(server, "/v2/models/m/versions/1/ready")).toEqual([200, { name: "m", ready: true }]);
    expect(await get(server, "/v2/models")).toEqual([200, { models: ["m"] }]);
    expect(await (await postJson(server, "/v2/repository/index", {})).body).toEqual([
      { name: "m", version: "2", state: "READY", reason: "" },
      { name: "m", version: "1", state: "READY", reason: "" },
    ]);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toContain('kserve_ts_queue_seconds_count{model_name="m",model_version="1"} 1');
    expect(metrics).toContain('kserve_ts_queue_seconds_count{model_name="m",model_version="2"} 2');
  });

  it("are those that a list names; one that is not there is warned about", async () => {
    await using repository = await repositoryOf({
      "m/kserve.config.json": JSON.stringify({ model: { versions: [1, 3, 9] } }),
      "m/1/predictor.mjs": word("one"),
      "m/2/predictor.mjs": word("two"),
      "m/3/predictor.mjs": word("three"),
    });
    await using server = await serveFolder(repository.path);
    expect(await versionsOf(server, "m")).toEqual(["1", "3"]);
    expect(server.log.join("")).toContain("there is no version 9");
  });

  it("share the model folder's predictor, which loads from the version's own folder", async () => {
    await using repository = await repositoryOf({
      "kserve.config.json": ALL,
      "m/predictor.mjs": `
        import { readFile } from "node:fs/promises";
        export const load = async ({ modelDir, modelVersion }) =>
          modelVersion + " " + await readFile(modelDir + "/model.onnx", "utf8");
        export const predict = (model) => [model];
      `,
      "m/1/model.onnx": "first weights",
      "m/2/model.onnx": "second weights",
    });
    await using server = await serveFolder(repository.path);
    expect(await infer(server, "/v2/models/m/versions/1/infer")).toEqual(["1", "1 first weights"]);
    expect(await infer(server, "/v2/models/m/infer")).toEqual(["2", "2 second weights"]);
  });

  it("of which the highest does not load leave the next to answer", async () => {
    await using repository = await repositoryOf({
      "kserve.config.json": ALL,
      "m/1/predictor.mjs": word("one"),
      "m/2/predictor.mjs": BROKEN,
      "other/predictor.mjs": answering("fine"),
    });
    await using server = await serveFolder(repository.path);
    expect(await infer(server, "/v2/models/m/infer")).toEqual(["1", "one"]);
    expect(await infer(server, "/v2/models/m/versions/2/infer")).toEqual([
      503,
      { error: "Model with name m is not ready. Version 2 does not load: load threw Error : no weights" },
    ]);
    const { body } = await postJson(server, "/v2/repository/index", {});
    expect(body).toContainEqual({
      name: "m",
      version: "2",
      state: "UNAVAILABLE",
      reason: "load threw Error : no weights",
    });
  });

  it("that are added are taken up by a load, and the one before leaves when the new one is ready", async () => {
    await using repository = await repositoryOf({ "m/1/predictor.mjs": word("one") });
    await using server = await serveFolder(repository.path);
    await repository.write({ "m/2/predictor.mjs": BROKEN });
    expect((await load(server, "m"))[0]).toBe(503);
    expect(await infer(server, "/v2/models/m/infer")).toEqual(["1", "one"]);
    await repository.write({ "m/2/predictor.mjs": word("two") });
    expect(await load(server, "m")).toEqual([200, { name: "m", load: true }]);
    expect(await infer(server, "/v2/models/m/infer")).toEqual(["2", "two"]);
    expect(await versionsOf(server, "m")).toEqual(["2"]);
  });

  it("may hold Triton's layout, whose config.pbtxt only says which versions are served", async () => {
    await using repository = await repositoryOf({
      "iris/config.pbtxt":
        'platform: "onnxruntime_onnx"\nversion_policy: { latest { num_versions: 2 } } # two\n',
    });
    for (const version of ["1", "2", "3"]) {
      cpSync(iris, join(repository.path, "iris", version), { recursive: true });
    }
    await using server = await serveFolder(repository.path);
    expect(await versionsOf(server, "iris")).toEqual(["2", "3"]);
    expect(server.log.join("")).toContain("config.pbtxt is not read, but for its version_policy");
  });

  it("of one model need no repository around them", async () => {
    await using repository = await repositoryOf({
      "kserve.config.json": JSON.stringify({ model: { versions: "all" } }),
      "1/predictor.mjs": word("one"),
      "2/predictor.mjs": word("two"),
    });
    await using server = await serveFolder(repository.path);
    expect(await versionsOf(server, "repo")).toEqual(["1", "2"]);
  });
});
