import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isKtsError } from "../../../contract/errors.ts";
import type { ModelIndexItem } from "../../../runtime/models/model-entry.ts";
import { type TestServer, postJson, serveFolder } from "../serving.ts";
import { BROKEN, answering, answeringLate, repositoryOf } from "./repository-folder.ts";

/** What a model answers to one instance; the status and error where it does not. */
async function ask(server: TestServer, name: string): Promise<unknown> {
  const { status, body } = await postJson(server, `/v1/models/${name}:predict`, { instances: [1] });
  return status === 200 ? (body as { predictions: unknown[] }).predictions[0] : [status, body];
}

async function get(server: TestServer, path: string): Promise<readonly [status: number, body: unknown]> {
  const response = await fetch(server.url + path);
  return [response.status, await response.json()];
}

async function index(server: TestServer, body?: unknown): Promise<readonly ModelIndexItem[]> {
  return (await postJson(server, "/v2/repository/index", body ?? "")).body as ModelIndexItem[];
}

async function change(server: TestServer, what: "load" | "unload", name: string, body: unknown = "") {
  const answer = await postJson(server, `/v2/repository/models/${encodeURIComponent(name)}/${what}`, body);
  return [answer.status, answer.body] as const;
}

async function failureOf(promise: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isKtsError(error)) throw new Error("expected an error of ours", { cause: error });
  return { code: error.code, message: error.message };
}

/** Asks over and over until told to stop; every answer is kept. */
function traffic(server: TestServer, name: string, clients = 4) {
  const answers: unknown[] = [];
  let going = true;
  const ended = Promise.all(
    Array.from({ length: clients }, async () => {
      while (going) answers.push(await ask(server, name));
    }),
  );
  return {
    answers,
    async stop() {
      going = false;
      await ended;
      return answers;
    },
  };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("a folder of models", () => {
  it("serves each under its folder's name", async () => {
    await using repository = await repositoryOf({
      "cat/predictor.mjs": answering("miaow"),
      "dog/predictor.mjs": answering("woof"),
      "notes/readme.md": "no model",
    });
    await using server = await serveFolder(repository.path);
    expect(await get(server, "/v1/models")).toEqual([200, { models: ["cat", "dog"] }]);
    expect(await get(server, "/v2/models")).toEqual([200, { models: ["cat", "dog"] }]);
    expect([await ask(server, "cat"), await ask(server, "dog")]).toEqual(["miaow", "woof"]);
    expect(server.models.map(({ name }) => name)).toEqual(["cat", "dog"]);
    expect(server.model.name).toBe("cat");
    expect(await get(server, "/v2/health/ready")).toEqual([200, { ready: true }]);
  });

  it("may be named by --model_dir", async () => {
    await using repository = await repositoryOf({
      "models/cat/predictor.mjs": answering("miaow"),
      "elsewhere/readme.md": "",
    });
    await using server = await serveFolder(join(repository.path, "elsewhere"), {
      options: { modelDir: join(repository.path, "models") },
    });
    expect(await ask(server, "cat")).toBe("miaow");
  });

  it("is one model where it has a predictor of its own, whatever its folders hold", async () => {
    await using repository = await repositoryOf({
      "predictor.mjs": answering("one"),
      "cat/predictor.mjs": answering("miaow"),
    });
    await using server = await serveFolder(repository.path);
    expect(await get(server, "/v1/models")).toEqual([200, { models: ["repo"] }]);
  });

  it("keeps the names of its models, whatever --model_name says, and warns", async () => {
    await using repository = await repositoryOf({ "cat/predictor.mjs": answering("miaow") });
    await using server = await serveFolder(repository.path, { options: { modelName: "dog" } });
    expect(await ask(server, "cat")).toBe("miaow");
    expect(server.log.join("")).toContain("--model_name is ignored");
  });

  it("serves the others when one does not load, is not ready, and says why", async () => {
    await using repository = await repositoryOf({
      "bad/predictor.mjs": BROKEN,
      "good/predictor.mjs": answering("fine"),
    });
    await using server = await serveFolder(repository.path);
    expect(await ask(server, "good")).toBe("fine");
    expect(await ask(server, "bad")).toEqual([
      503,
      { error: "Model with name bad is not ready. It does not load: load threw Error : no weights" },
    ]);
    expect(await get(server, "/v2/health/ready")).toEqual([503, { ready: false }]);
    expect(await index(server)).toEqual([
      {
        name: "bad",
        version: "",
        state: "UNAVAILABLE",
        reason: "It does not load: load threw Error : no weights",
      },
      { name: "good", version: "", state: "READY", reason: "" },
    ]);
    expect(server.log.join("")).toContain("a model does not load: load threw Error : no weights");
  });

  it("is ready without the failed model once that is unloaded, or loads", async () => {
    await using repository = await repositoryOf({
      "bad/predictor.mjs": BROKEN,
      "good/predictor.mjs": answering("fine"),
    });
    await using server = await serveFolder(repository.path);
    await change(server, "unload", "bad");
    expect(await get(server, "/v2/health/ready")).toEqual([200, { ready: true }]);
    await repository.write({ "bad/predictor.mjs": answering("mended") });
    expect(await change(server, "load", "bad")).toEqual([200, { name: "bad", load: true }]);
    expect(await ask(server, "bad")).toBe("mended");
    expect(await get(server, "/v2/health/ready")).toEqual([200, { ready: true }]);
  });

  it("ends with the reason when its only model does not load", async () => {
    await using repository = await repositoryOf({ "bad/predictor.mjs": BROKEN });
    expect(await failureOf(serveFolder(repository.path))).toEqual({
      code: "KTS_LOAD_FAILED",
      message: "load threw Error : no weights",
    });
  });

  it("ends when none of its models loads, naming one", async () => {
    await using repository = await repositoryOf({
      "bad/predictor.mjs": BROKEN,
      "two/predictor.mjs": "",
      "two/predictor.js": "",
    });
    const { code, message } = await failureOf(serveFolder(repository.path));
    expect(code).toBe("KTS_LOAD_FAILED");
    expect(message).toMatch(/^none of the 2 models of .*repo loads; of /);
  });

  it("lists a model whose folder cannot be understood", async () => {
    await using repository = await repositoryOf({
      "good/predictor.mjs": answering("fine"),
      "two/predictor.mjs": answering("a"),
      "two/predictor.js": answering("b"),
    });
    await using server = await serveFolder(repository.path);
    const [, two] = await index(server);
    expect(two).toMatchObject({ name: "two", state: "UNAVAILABLE" });
    expect(two?.reason).toContain("predictor.js and predictor.mjs");
    expect(await ask(server, "two")).toEqual([
      503,
      { error: expect.stringContaining("expected one of them") },
    ]);
  });

  it("counts each model's requests apart in /metrics, and describes each in /openapi.json", async () => {
    await using repository = await repositoryOf({
      "cat/predictor.mjs": answering("miaow"),
      "dog/predictor.mjs": answering("woof"),
    });
    await using server = await serveFolder(repository.path);
    await ask(server, "cat");
    const text = await (await fetch(`${server.url}/metrics`)).text();
    expect(text).toContain('kserve_ts_queue_seconds_count{model_name="cat"} 1');
    expect(text).toContain('kserve_ts_queue_seconds_count{model_name="dog"} 0');
    const [, document] = await get(server, "/openapi.json");
    const paths = Object.keys((document as { paths: object }).paths);
    expect(paths).toEqual(expect.arrayContaining(["/v1/models/cat:predict", "/v2/models/dog/infer"]));
    expect(paths).toContain("/v2/repository/index");
  });
});

describe("the repository index", () => {
  it("lists what is there and not loaded, and only what is ready where asked", async () => {
    await using repository = await repositoryOf({ "cat/predictor.mjs": answering("miaow") });
    await using server = await serveFolder(repository.path);
    await repository.write({ "dog/predictor.mjs": answering("woof") });
    const cat = { name: "cat", version: "", state: "READY", reason: "" };
    const dog = { name: "dog", version: "", state: "UNAVAILABLE", reason: "It is not loaded." };
    expect(await index(server, {})).toEqual([cat, dog]);
    expect(await index(server, { ready: false })).toEqual([cat, dog]);
    expect(await index(server, { ready: true })).toEqual([cat]);
    expect(await get(server, "/v2/repository/index")).toEqual([200, [cat, dog]]);
    expect(await get(server, "/v2/repository/index?ready=true")).toEqual([200, [cat]]);
  });

  it.each([
    ['{"ready":1}', "ready: expected true or false, got the number 1"],
    ["[]", "expected a JSON object, got an array of 0"],
    ["{", "Unrecognized request format:"],
  ])("answers 400 to %s", async (body, reason) => {
    await using repository = await repositoryOf({ "cat/predictor.mjs": answering("miaow") });
    await using server = await serveFolder(repository.path);
    const answer = await postJson(server, "/v2/repository/index", body);
    expect(answer.status).toBe(400);
    expect((answer.body as { error: string }).error).toContain(reason);
  });

  it("says that a model is being loaded, and then that it is ready", async () => {
    await using repository = await repositoryOf({ "cat/predictor.mjs": answering("miaow") });
    await using server = await serveFolder(repository.path);
    await repository.write({
      "slow/predictor.mjs": `${answering("slow")}
        export const load = () => new Promise((resolve) => { globalThis.finishSlowLoad = resolve; });`,
    });
    const loading = change(server, "load", "slow");
    const hooks = globalThis as { finishSlowLoad?: () => void };
    await until(() => hooks.finishSlowLoad !== undefined);
    expect((await index(server))[1]).toMatchObject({ name: "slow", state: "LOADING" });
    expect(await get(server, "/v2/health/ready")).toEqual([200, { ready: true }]);
    hooks.finishSlowLoad?.();
    expect(await loading).toEqual([200, { name: "slow", load: true }]);
    expect((await index(server))[1]).toMatchObject({ name: "slow", state: "READY" });
  });
});

describe("loading", () => {
  it("takes up a model that was put there, with Triton's body as with none", async () => {
    await using repository = await repositoryOf({ "cat/predictor.mjs": answering("miaow") });
    await using server = await serveFolder(repository.path);
    await repository.write({ "dog/predictor.mjs": answering("woof") });
    expect(await change(server, "load", "dog", { parameters: {} })).toEqual([
      200,
      { name: "dog", load: true },
    ]);
    expect(await ask(server, "dog")).toBe("woof");
    expect(await get(server, "/v2/models")).toEqual([200, { models: ["cat", "dog"] }]);
  });

  it("is 404 for a model that is not there", async () => {
    await using repository = await repositoryOf({ "cat/predictor.mjs": answering("miaow") });
    await using server = await serveFolder(repository.path);
    const unknown = [404, { error: "Model with name dog does not exist." }];
    expect(await change(server, "load", "dog")).toEqual(unknown);
    expect(await change(server, "unload", "dog")).toEqual(unknown);
  });

  it("is 503 with the reason in KServe's words when it fails, and the server stays ready", async () => {
    await using repository = await repositoryOf({ "cat/predictor.mjs": answering("miaow") });
    await using server = await serveFolder(repository.path);
    await repository.write({ "bad/predictor.mjs": BROKEN });
    expect(await change(server, "load", "bad")).toEqual([
      503,
      {
        error:
          "Model with name bad is not ready. Error type: KTS_LOAD_FAILED error msg: load threw Error : no weights",
      },
    ]);
    expect((await index(server))[1]).toMatchObject({ name: "bad", state: "UNAVAILABLE" });
    expect(await get(server, "/v2/health/ready")).toEqual([200, { ready: true }]);
  });

  it("refuses configuration and files that come with the request", async () => {
    await using repository = await repositoryOf({ "cat/predictor.mjs": answering("miaow") });
    await using server = await serveFolder(repository.path);
    const [status, body] = await change(server, "load", "cat", { parameters: { "file:1/model.onnx": "" } });
    expect(status).toBe(400);
    expect(body).toEqual({
      error: expect.stringContaining('parameters["file:1/model.onnx"]: a model is loaded'),
    });
  });

  it.each(["..", "../repo/cat", "/etc", "a\\b", ".hidden", "cat/../cat", "a b", "7"])(
    "refuses the name %j",
    async (name) => {
      await using repository = await repositoryOf({
        "cat/predictor.mjs": answering("miaow"),
        ".hidden/predictor.mjs": answering("hidden"),
      });
      await using server = await serveFolder(repository.path);
      // A dot segment never arrives as a name: clients and servers resolve it.
      const path = name === ".." ? "%2e%2e%2fcat" : encodeURIComponent(name);
      const { status, body } = await postJson(server, `/v2/repository/models/${path}/load`, "");
      expect(status).toBe(400);
      expect((body as { error: string }).error).toContain("name: a model's name is that of its folder");
    },
  );

  it("refuses a link that leads out of the repository, of the folder as of a file in it", async () => {
    await using repository = await repositoryOf({
      "repo/cat/predictor.mjs": answering("miaow"),
      "outside/predictor.mjs": answering("secret"),
    });
    const root = join(repository.path, "repo");
    await symlink(join(repository.path, "outside"), join(root, "folder"));
    await mkdir(join(root, "file"));
    await symlink(join(repository.path, "outside/predictor.mjs"), join(root, "file/predictor.mjs"));
    await symlink(join(root, "cat"), join(root, "within"));
    await using server = await serveFolder(root);
    for (const name of ["folder", "file"]) {
      const [status, body] = await change(server, "load", name);
      expect(status).toBe(503);
      expect((body as { error: string }).error).toMatch(/is a symbolic link that leads out of .*repo$/);
    }
    expect(await ask(server, "within")).toBe("miaow");
    expect((await index(server)).filter(({ state }) => state === "READY").map(({ name }) => name)).toEqual([
      "cat",
      "within",
    ]);
  });

  it("does nothing where nothing changed", async () => {
    await using repository = await repositoryOf({
      "cat/predictor.mjs": `${answering("miaow")}
        export const load = () => { globalThis.catLoads = (globalThis.catLoads ?? 0) + 1; };`,
    });
    await using server = await serveFolder(repository.path);
    const loads = () => (globalThis as { catLoads?: number }).catLoads;
    const before = loads();
    expect(await change(server, "load", "cat")).toEqual([200, { name: "cat", load: true }]);
    expect(loads()).toBe(before);
    await repository.write({ "cat/words.txt": "another file of the model" });
    await change(server, "load", "cat");
    expect(loads()).toBe((before ?? 0) + 1);
  });

  it("reads changed code anew, and what it imports by path", async () => {
    await using repository = await repositoryOf({
      "cat/predictor.mjs": 'import { word } from "./word.mjs";\nexport const predict = () => [word];',
      "cat/word.mjs": 'export const word = "old";',
    });
    await using server = await serveFolder(repository.path);
    expect(await ask(server, "cat")).toBe("old");
    await repository.write({ "cat/word.mjs": 'export const word = "brand new";' });
    await change(server, "load", "cat");
    expect(await ask(server, "cat")).toBe("brand new");
  });

  it("keeps the old one where the new one does not load, and says so in the index", async () => {
    await using repository = await repositoryOf({ "cat/predictor.mjs": answering("miaow") });
    await using server = await serveFolder(repository.path);
    await repository.write({ "cat/predictor.mjs": BROKEN });
    expect((await change(server, "load", "cat"))[0]).toBe(503);
    expect(await ask(server, "cat")).toBe("miaow");
    expect(await index(server)).toEqual([
      {
        name: "cat",
        version: "",
        state: "READY",
        reason: "The last load failed: load threw Error : no weights",
      },
    ]);
    expect(await get(server, "/v2/health/ready")).toEqual([200, { ready: true }]);
  });

  it("loses no request of another model", async () => {
    await using repository = await repositoryOf({ "cat/predictor.mjs": answeringLate("miaow", 2) });
    await using server = await serveFolder(repository.path);
    const requests = traffic(server, "cat");
    await repository.write({ "dog/predictor.mjs": answeringLate("woof", 1), "bad/predictor.mjs": BROKEN });
    for (let round = 0; round < 3; round++) {
      expect((await change(server, "load", "dog"))[0]).toBe(200);
      expect((await change(server, "load", "bad"))[0]).toBe(503);
      expect((await change(server, "unload", "dog"))[0]).toBe(200);
    }
    const answers = await requests.stop();
    expect(answers.length).toBeGreaterThan(20);
    expect(new Set(answers)).toEqual(new Set(["miaow"]));
  });

  it("swaps the old for the new under traffic without losing a request", async () => {
    await using repository = await repositoryOf({ "cat/predictor.mjs": answeringLate("v0", 5) });
    await using server = await serveFolder(repository.path);
    const requests = traffic(server, "cat", 8);
    for (let round = 1; round <= 3; round++) {
      await repository.write({ "cat/predictor.mjs": answeringLate(`v${round}`, 5) });
      expect((await change(server, "load", "cat"))[0]).toBe(200);
      expect(await ask(server, "cat")).toBe(`v${round}`);
    }
    const answers = await requests.stop();
    expect(new Set(answers)).toEqual(new Set(["v0", "v1", "v2", "v3"]));
    const [, stats] = await get(server, "/v2/models/cat/stats");
    const [cat] = (stats as { model_stats: { inference_stats: { success: { count: number } } }[] })
      .model_stats;
    expect(cat?.inference_stats.success.count).toBe(answers.length + 3);
  });

  it("takes loads and unloads of one name in turn", async () => {
    await using repository = await repositoryOf({ "cat/predictor.mjs": answeringLate("miaow", 1) });
    await using server = await serveFolder(repository.path);
    const answers = await Promise.all([
      change(server, "unload", "cat"),
      change(server, "load", "cat"),
      change(server, "load", "cat"),
      change(server, "unload", "cat"),
      change(server, "load", "cat"),
    ]);
    expect(answers.map(([status]) => status)).toEqual([200, 200, 200, 200, 200]);
    expect((await index(server)).map(({ state }) => ["READY", "UNAVAILABLE"].includes(state))).toEqual([
      true,
    ]);
    await change(server, "load", "cat");
    expect(await ask(server, "cat")).toBe("miaow");
  });
});

describe("unloading", () => {
  it("takes the model out of every list, and can be undone", async () => {
    await using repository = await repositoryOf({
      "cat/predictor.mjs": answering("miaow"),
      "dog/predictor.mjs": answering("woof"),
    });
    await using server = await serveFolder(repository.path);
    expect(await change(server, "unload", "cat", { parameters: { unload_dependents: false } })).toEqual([
      200,
      { name: "cat", unload: true },
    ]);
    expect(await ask(server, "cat")).toEqual([404, { error: "Model with name cat does not exist." }]);
    expect(await get(server, "/v2/models")).toEqual([200, { models: ["dog"] }]);
    expect(await get(server, "/v2/models/cat")).toEqual([
      404,
      { error: "Model with name cat does not exist." },
    ]);
    expect((await index(server))[0]).toEqual({
      name: "cat",
      version: "",
      state: "UNAVAILABLE",
      reason: "It has been unloaded.",
    });
    expect(await get(server, "/v2/health/ready")).toEqual([200, { ready: true }]);
    await change(server, "load", "cat");
    expect(await ask(server, "cat")).toBe("miaow");
  });

  it("lets the requests under way finish, then runs the predictor's unload", async () => {
    await using repository = await repositoryOf({
      "slow/predictor.mjs": `
        export const execution = "inline";
        globalThis.slowEvents = [];
        export const predict = () => new Promise((resolve) => {
          globalThis.slowEvents.push("began");
          globalThis.finishSlow = () => resolve(["done"]);
        });
        export const unload = () => void globalThis.slowEvents.push("unloaded");
      `,
    });
    const hooks = globalThis as { slowEvents?: string[]; finishSlow?: () => void };
    await using server = await serveFolder(repository.path);
    const request = ask(server, "slow");
    await until(() => hooks.slowEvents?.includes("began") === true);
    const unloading = change(server, "unload", "slow");
    await until(async () => (await index(server))[0]?.state === "UNLOADING");
    expect(await ask(server, "slow")).toEqual([404, { error: "Model with name slow does not exist." }]);
    expect(hooks.slowEvents).toEqual(["began"]);
    hooks.finishSlow?.();
    expect(await request).toBe("done");
    expect((await unloading)[0]).toBe(200);
    expect(hooks.slowEvents).toEqual(["began", "unloaded"]);
  });
});

describe("a server of one model", () => {
  it("answers the repository's routes for that one", async () => {
    await using repository = await repositoryOf({ "predictor.mjs": answering("one") });
    await using server = await serveFolder(repository.path);
    expect(await index(server)).toEqual([{ name: "repo", version: "", state: "READY", reason: "" }]);
    await repository.write({ "predictor.mjs": answering("another") });
    expect((await change(server, "load", "repo"))[0]).toBe(200);
    expect(await ask(server, "repo")).toBe("another");
    expect((await change(server, "load", "other"))[0]).toBe(404);
  });

  it.each(["/v2/repository/models/repo/load", "/v2/repository/models/repo/unload"])(
    "answers 405 to GET %s",
    async (path) => {
      await using repository = await repositoryOf({ "predictor.mjs": answering("one") });
      await using server = await serveFolder(repository.path);
      const response = await fetch(server.url + path);
      expect(response.status).toBe(405);
      expect(response.headers.get("allow")).toBe("POST");
    },
  );

  it("answers 413 to a body that no such request has", async () => {
    await using repository = await repositoryOf({ "predictor.mjs": answering("one") });
    await writeFile(join(repository.path, "x"), "");
    await using server = await serveFolder(repository.path);
    const { status } = await postJson(server, "/v2/repository/index", `{"a":"${"x".repeat(1_100_000)}"}`);
    expect(status).toBe(413);
  });
});
