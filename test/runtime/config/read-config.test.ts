import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isKtsError } from "../../../contract/errors.ts";
import { readConfig } from "../../../runtime/config/read-config.ts";
import { answering, answeringLate, repositoryOf } from "../models/repository-folder.ts";
import { postJson, serveFolder } from "../serving.ts";

const CONFIG =
  'import { defineConfig } from "kserve-ts";\nexport default defineConfig({ model: { workers: 2 } });';

async function failureOf(folder: string): Promise<string> {
  const error: unknown = await readConfig(folder).catch((reason: unknown) => reason);
  if (!isKtsError(error) || error.code !== "KTS_CONFIG_INVALID")
    throw new Error("no such error", { cause: error });
  return error.message;
}

describe("the config file", () => {
  it.each(["ts", "mts", "js", "mjs"])("may be kserve.config.%s with defineConfig", async (extension) => {
    await using folder = await repositoryOf({ [`kserve.config.${extension}`]: CONFIG });
    expect(await readConfig(folder.path)).toEqual({ model: { workers: 2 } });
  });

  it("may be JSON, and may be missing", async () => {
    await using folder = await repositoryOf({ "kserve.config.json": '{"server":{"workers":2}}' });
    expect(await readConfig(folder.path)).toEqual({ server: { workers: 2 } });
    expect(await readConfig(join(folder.path, "nowhere"))).toEqual({});
  });

  it("takes the folder of a predictor for tests from where the file lies", async () => {
    await using folder = await repositoryOf({ "kserve.config.json": '{"test":{"predictor":"remote"}}' });
    expect(await readConfig(folder.path)).toEqual({ test: { predictor: join(folder.path, "remote") } });
  });

  it.each(["yaml", "yml"])("may be kserve.config.%s, and may say nothing", async (extension) => {
    await using folder = await repositoryOf({
      [`kserve.config.${extension}`]: "server: { workers: 2 }\ndeploy: { predictor: sklearn }\n",
    });
    expect(await readConfig(folder.path)).toEqual({ server: { workers: 2 } });
    await using empty = await repositoryOf({ [`kserve.config.${extension}`]: "# later\n" });
    expect(await readConfig(empty.path)).toEqual({});
  });

  it("has its modelDir relative to itself", async () => {
    await using folder = await repositoryOf({ "kserve.config.json": '{"server":{"modelDir":"weights"}}' });
    expect((await readConfig(folder.path)).server?.modelDir).toBe(join(folder.path, "weights"));
  });

  it.each([
    [{ "kserve.config.json": "{" }, /^kserve\.config\.json: .*JSON/],
    [{ "kserve.config.yaml": "server: {" }, /^kserve\.config\.yaml: Flow map/],
    [
      { "kserve.config.mjs": "throw new Error('oh')" },
      /^kserve\.config\.mjs threw while it was imported: Error: oh/,
    ],
    [
      { "kserve.config.json": "{}", "kserve.config.ts": "" },
      /has kserve\.config\.ts and kserve\.config\.json/,
    ],
  ] as const)("is refused by name: %j", async (files, message) => {
    await using folder = await repositoryOf(files);
    expect(await failureOf(folder.path)).toMatch(message);
  });
});

describe("a server", () => {
  it("does what the file beside its predictor says", async () => {
    await using folder = await repositoryOf({
      "predictor.mjs": answeringLate("late", 10_000),
      "kserve.config.json": '{"server":{"maxBodyBytes":40,"workers":2},"model":{"timeoutMs":50}}',
    });
    await using server = await serveFolder(folder.path);
    expect(server.workers).toBe(2);
    const late = await postJson(server, "/v1/models/repo:predict", { instances: [1] });
    expect([late.status, late.body]).toEqual([504, { error: "The request took longer than 50 ms." }]);
    const large = await postJson(server, "/v1/models/repo:predict", { instances: ["x".repeat(50)] });
    expect(large.status).toBe(413);
  });

  it("gives its own options precedence", async () => {
    await using folder = await repositoryOf({
      "predictor.mjs": answeringLate("fine", 0),
      "kserve.config.json": '{"server":{"workers":2}}',
    });
    await using server = await serveFolder(folder.path, { options: { workers: 1 } });
    expect(server.workers).toBe(1);
  });

  it("does not start with a file that says what means nothing", async () => {
    await using folder = await repositoryOf({
      "predictor.mjs": answering("fine"),
      "kserve.config.json": '{"server":{"wrokers":2}}',
    });
    await expect(serveFolder(folder.path)).rejects.toThrow(
      "server.wrokers means nothing here; did you mean workers?",
    );
  });

  it("lists a model whose own file is wrong, and serves the others", async () => {
    await using folder = await repositoryOf({
      "good/predictor.mjs": answering("fine"),
      "odd/predictor.mjs": answering("odd"),
      "odd/kserve.config.json": '{"model":{"workers":"two"}}',
    });
    await using server = await serveFolder(folder.path);
    const { body } = await postJson(server, "/v2/repository/index", {});
    expect(body).toContainEqual({
      name: "odd",
      version: "",
      state: "UNAVAILABLE",
      reason: 'kserve.config.json: model.workers: expected an integer from 1 to 512, got the string "two"',
    });
  });
});
