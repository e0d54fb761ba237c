import { mkdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { postJson } from "../serving.ts";
import { ask, projectOf, says, watchProject } from "./watched.ts";

const FLOWER = [5.1, 3.5, 1.4, 0.2];

describe("a change of a watched predictor", () => {
  it("serves, written in place or put in its place", async () => {
    await using project = await projectOf({ "predictor.ts": says("old") });
    await using server = await watchProject(project);
    expect(await ask(server)).toBe("old");
    await project.write({ "predictor.ts": says("new") });
    expect(await server.next("live")).toMatchObject({
      model: "m",
      files: ["predictor.ts"],
      isModelKept: undefined,
    });
    expect(await ask(server)).toBe("new");
    await project.save("predictor.ts", says("newer"));
    await server.next("live");
    expect(await ask(server)).toBe("newer");
    expect(server.codeWatch?.state).toEqual({ status: "live", swaps: 2 });
  });

  it("serves where it is one of a file that the predictor imports, at any depth", async () => {
    await using project = await projectOf({
      "predictor.ts": `import { words } from "./lib/words.ts";
        export const predict = (_model: unknown, instances: unknown[]) => instances.map(() => words());`,
      "lib/words.ts": `import { word } from "./word";\nexport const words = () => word + "!";`,
      "lib/word.ts": `export enum Tone { Low }\nexport const word: string = "old";`,
    });
    await using server = await watchProject(project);
    expect(await ask(server)).toBe("old!");
    await project.write({ "lib/word.ts": `export const word = "new";` });
    expect(await server.next("live")).toMatchObject({ files: ["lib/word.ts"] });
    expect(await ask(server)).toBe("new!");
  });

  it("keeps the engine's model", async () => {
    await using project = await projectOf({ "predictor.ts": `export const postProcess = () => ["old"];` });
    await project.copyModel("iris-onnx/model/model.onnx", "model/model.onnx");
    await using server = await watchProject(project);
    expect(await ask(server, "m", FLOWER)).toBe("old");
    await project.write({ "predictor.ts": `export const postProcess = () => ["new"];` });
    expect(await server.next("live")).toMatchObject({ files: ["predictor.ts"], isModelKept: true });
    expect(await ask(server, "m", FLOWER)).toBe("new");
  });

  it("keeps what a load of a file of its own made, for as long as that file is the same", async () => {
    const load = `
      let loads = 0;
      export const load = () => ({ loads: ++loads });`;
    const predictor = (text: string) => `
      export { load } from "./model.ts";
      export const predict = (model: { loads: number }, instances: unknown[]) =>
        instances.map(() => ${JSON.stringify(text)} + model.loads);`;
    await using project = await projectOf({ "model.ts": load, "predictor.ts": predictor("old") });
    await using server = await watchProject(project);
    expect(await ask(server)).toBe("old1");
    for (const text of ["new", "newer"]) {
      await project.save("predictor.ts", predictor(text));
      expect(await server.next("live")).toMatchObject({ isModelKept: true });
      expect(await ask(server)).toBe(`${text}1`);
    }
    await project.save("model.ts", load.replace("++loads", "++loads + 10"));
    expect(await server.next("live")).toMatchObject({ files: ["model.ts"], isModelKept: false });
    expect(await ask(server)).toBe("newer11");
  });

  it("loads again what a load in the predictor's own file makes", async () => {
    const predictor = (text: string) => `
      class Model { answer() { return ${JSON.stringify(text)}; } }
      export const load = () => new Model();
      export const predict = (model: Model, instances: unknown[]) => instances.map(() => model.answer());`;
    await using project = await projectOf({ "predictor.ts": predictor("old") });
    await using server = await watchProject(project);
    await project.save("predictor.ts", predictor("new"));
    expect(await server.next("live")).toMatchObject({ isModelKept: false });
    expect(await ask(server)).toBe("new");
  });

  it("loads again what load has registered metrics for, so that none is registered twice", async () => {
    const predictor = (text: string) => `
      import { load } from "./model.ts";
      import { definePredictor } from "kserve-ts";
      export default definePredictor({
        load,
        predict: (_model: unknown, instances: unknown) => (instances as unknown[]).map(() => ${JSON.stringify(text)}),
      });`;
    await using project = await projectOf({
      "model.ts": `export const load = (ctx: { metrics: { getMetricsAsArray(): unknown[] } }) => ctx.metrics.getMetricsAsArray();`,
      "predictor.ts": predictor("old"),
    });
    await using server = await watchProject(project);
    await project.save("predictor.ts", predictor("new"));
    expect(await server.next("live")).toMatchObject({ isModelKept: false });
    expect(await ask(server)).toBe("new");
  });

  it("unloads a kept model once, when the last code that has it goes", async () => {
    const predictor = (text: string) => `
      export { load, unload } from "./model.ts";
      export const predict = (_model: unknown, instances: unknown[]) => instances.map(() => ${JSON.stringify(text)});`;
    await using project = await projectOf({ "predictor.ts": predictor("old") });
    const note = JSON.stringify(`${project.path}/unloaded.log`);
    await project.write({
      "model.ts": `
        import { appendFileSync } from "node:fs";
        export const load = () => "model";
        export const unload = (model: string) => appendFileSync(${note}, model + ";");`,
    });
    {
      await using server = await watchProject(project);
      for (const text of ["new", "newer"]) {
        await project.save("predictor.ts", predictor(text));
        await server.next("live");
      }
    }
    expect(await readFile(`${project.path}/unloaded.log`, "utf8")).toBe("model;");
  });

  it("is told by the metadata and the OpenAPI document as well", async () => {
    const predictor = (name: string) => `
      export const inputs = [{ name: ${JSON.stringify(name)}, datatype: "FP32", shape: [-1, 2] }];
      export const predict = (_model: unknown, tensors: unknown) => tensors;`;
    await using project = await projectOf({ "predictor.ts": predictor("old_input") });
    await using server = await watchProject(project);
    const texts = async () => {
      const paths = ["/v2/models/m", "/openapi.json"];
      return Promise.all(paths.map(async (path) => (await fetch(server.url + path)).text()));
    };
    for (const text of await texts()) expect(text).toContain("old_input");
    await project.save("predictor.ts", predictor("new_input"));
    await server.next("live");
    for (const text of await texts()) expect(text).toContain("new_input");
    for (const text of await texts()) expect(text).not.toContain("old_input");
  });

  it("lets requests that are under way end on the code they began with", async () => {
    const predictor = (text: string, ms: number) => `
      export const concurrency = 10;
      export const predict = async (_model: unknown, instances: unknown[]) => {
        await new Promise((resolve) => setTimeout(resolve, ${ms}));
        return instances.map(() => ${JSON.stringify(text)});
      };`;
    await using project = await projectOf({ "predictor.ts": predictor("old", 1_000) });
    await using server = await watchProject(project);
    const asked = ask(server);
    await project.save("predictor.ts", predictor("new", 0));
    await server.next("live");
    expect(await ask(server)).toBe("new");
    expect(await asked).toBe("old");
  });

  it("serves where the predictor runs inline", async () => {
    const inline = (text: string) => `export const execution = "inline";\n${says(text)}`;
    await using project = await projectOf({ "predictor.ts": inline("old") });
    await using server = await watchProject(project);
    expect(await ask(server)).toBe("old");
    await project.save("predictor.ts", inline("new"));
    await server.next("live");
    expect(await ask(server)).toBe("new");
    expect(server.model.info.execution).toBe("inline");
    await project.save("predictor.ts", says("in a worker"));
    await server.next("live");
    expect(await ask(server)).toBe("in a worker");
    expect(server.model.info.execution).toBe("worker");
  });

  it("serves where the predictor is CommonJS, in a new thread", async () => {
    const commonJs = (text: string) =>
      `module.exports = { predict: (_model, instances) => instances.map(() => "${text}") };`;
    await using project = await projectOf({
      "predictor.js": `import words from "./words.cjs"; export const predict = words.predict;`,
      "words.cjs": commonJs("old"),
    });
    await using server = await watchProject(project);
    expect(await ask(server)).toBe("old");
    await project.save("words.cjs", commonJs("new"));
    await server.next("live");
    expect(await ask(server)).toBe("new");
  });

  it("serves the right one of several models alone", async () => {
    await using project = await projectOf({
      "cat/predictor.ts": says("miaow"),
      "dog/predictor.ts": says("woof"),
    });
    await using server = await watchProject(project);
    await project.save("dog/predictor.ts", says("growl"));
    expect(await server.next("live")).toMatchObject({ model: "dog", files: ["dog/predictor.ts"] });
    expect([await ask(server, "cat"), await ask(server, "dog")]).toEqual(["miaow", "growl"]);
    await project.write({ "cow/predictor.ts": says("moo") });
    expect(await server.next("live")).toMatchObject({ model: "cow" });
    expect(await ask(server, "cow")).toBe("moo");
    expect(server.codeWatch?.state.swaps).toBe(2);
  });

  it("keeps the model where models share their workers", async () => {
    const post = (text: string) => `export const postProcess = () => [${JSON.stringify(text)}];`;
    await using project = await projectOf({
      "cat/predictor.ts": post("miaow"),
      "dog/predictor.ts": post("woof"),
    });
    for (const name of ["cat", "dog"]) {
      await project.copyModel("iris-onnx/model/model.onnx", `${name}/model/model.onnx`);
    }
    await using server = await watchProject(project, { options: { httpPort: 0, sharedWorkers: 1 } });
    await project.save("dog/predictor.ts", post("growl"));
    expect(await server.next("live")).toMatchObject({ model: "dog", isModelKept: true });
    expect([await ask(server, "cat", FLOWER), await ask(server, "dog", FLOWER)]).toEqual(["miaow", "growl"]);
    expect(server.workers).toBe(1);
  });

  it("does not bring back a model that was unloaded", async () => {
    await using project = await projectOf({
      "cat/predictor.ts": says("miaow"),
      "dog/predictor.ts": says("woof"),
    });
    await using server = await watchProject(project);
    await postJson(server, "/v2/repository/models/cat/unload", "");
    await project.save("cat/predictor.ts", says("hiss"));
    await project.save("dog/predictor.ts", says("growl"));
    await server.next("live");
    expect(await ask(server, "dog")).toBe("growl");
    expect(await ask(server, "cat")).toMatchObject([404, {}]);
  });

  it("has the lines of its own file in the stack of what it throws", async () => {
    await using project = await projectOf({ "predictor.ts": says("old") });
    await using server = await watchProject(project);
    await project.save(
      "predictor.ts",
      `interface Row {\n  value: number;\n}\n\nexport function predict(): Row[] {\n  throw new RangeError("too big");\n}\n`,
    );
    await server.next("live");
    expect(await ask(server)).toMatchObject([500, {}]);
    expect(server.log.join("")).toMatch(/m\/predictor\.ts:6:9/);
  });

  it("serves where the predictor stands in front of another server", async () => {
    await using behind = await projectOf({ "predictor.ts": says("asked") });
    await using other = await watchProject(behind);
    const asks = (text: string) =>
      `export const postProcess = (answer: unknown[]) => answer.map((one) => ${JSON.stringify(text)} + one);`;
    await using project = await projectOf({ "predictor.ts": asks("old: ") });
    const predictorHost = new URL(other.url).host;
    await using server = await watchProject(project, { options: { httpPort: 0, predictorHost } });
    expect(await ask(server)).toBe("old: asked");
    await project.save("predictor.ts", asks("new: "));
    await server.next("live");
    expect(await ask(server)).toBe("new: asked");
  });

  it("serves in each version that has the predictor, its model kept", async () => {
    const post = (text: string) => `export const postProcess = () => [${JSON.stringify(text)}];`;
    await using project = await projectOf({
      "predictor.ts": post("old"),
      "kserve.config.json": JSON.stringify({ model: { versions: "all" } }),
    });
    for (const version of [1, 2]) {
      await project.copyModel("iris-onnx/model/model.onnx", `model/${version}/model.onnx`);
    }
    await using server = await watchProject(project);
    const inputs = [{ ...server.model.info.inputs[0], shape: [1, 4], data: FLOWER }];
    const answers = () =>
      Promise.all(
        [1, 2, 3].map(async (version) => {
          const path = `/v2/models/m/versions/${version}/infer`;
          const { status, body } = await postJson(server, path, { inputs });
          return status === 200 ? (body as { outputs: { data: unknown[] }[] }).outputs[0]?.data[0] : status;
        }),
      );
    expect(await answers()).toEqual(["old", "old", 404]);
    await project.save("predictor.ts", post("new"));
    expect(await server.next("live")).toMatchObject({ isModelKept: true });
    expect(await answers()).toEqual(["new", "new", 404]);
    await mkdir(`${project.path}/model/3`);
    await sleep(300);
    await project.copyModel("iris-onnx/model/model.onnx", "model/3/model.onnx");
    expect(await server.next("live")).toMatchObject({ files: ["model/3"], isModelKept: false });
    expect(await answers()).toEqual(["new", "new", "new"]);
    await project.copyModel("digits-onnx/model/model.onnx", "model/2/model.onnx");
    expect(await server.next("live")).toMatchObject({ files: ["model/2/model.onnx"], isModelKept: false });
    expect(await answers()).toEqual(["new", 400, "new"]);
  });
});
