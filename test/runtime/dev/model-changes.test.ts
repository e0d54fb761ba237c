import { copyFile, mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { ask, projectOf, traffic, watchProject } from "./watched.ts";

const FIXTURES = new URL("../../fixtures/models/", import.meta.url).pathname;
const IRIS = join(FIXTURES, "iris-onnx/model/model.onnx");

/** Tells how many rows a text file of the model has, and how often it was loaded. */
const COUNTING = {
  "predictor.ts": `
    export { load } from "./load.ts";
    export const predict = (model: { rows: number; loads: number }, list: unknown[]) => list.map(() => model);`,
  "load.ts": `
    import { readFileSync } from "node:fs";
    let loads = 0;
    export const load = ({ modelDir }: { modelDir: string }) => {
      const rows = readFileSync(modelDir + "/rows.csv", "utf8").trim().split("\\n");
      if (rows.at(-1) !== "end") throw new Error("the file has no end");
      return { rows: rows.length, loads: ++loads };
    };`,
  "model/rows.csv": "a\nend\n",
};

describe("a change of a watched model's files", () => {
  it("loads the model again before it serves", async () => {
    await using project = await projectOf(COUNTING);
    await using server = await watchProject(project);
    expect(await ask(server)).toEqual({ rows: 2, loads: 1 });
    const load = traffic(server);
    await project.save("model/rows.csv", "a\nb\nend\n");
    expect(await server.next("live")).toMatchObject({ files: ["model/rows.csv"], isModelKept: false });
    expect(await ask(server)).toMatchObject({ rows: 3 });
    await load.stop();
    for (const answer of load.answers) expect([2, 3]).toContain((answer as { rows: number }).rows);
  });

  it("is waited for until it is whole", async () => {
    await using project = await projectOf(COUNTING);
    await using server = await watchProject(project);
    const file = await open(join(project.path, "model/rows.csv"), "w");
    for (let row = 0; row < 20; row++) {
      await file.write("row\n");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await file.write("end\n");
    await file.close();
    await server.next("live");
    expect(await ask(server)).toMatchObject({ rows: 21 });
    expect(server.events.map(({ kind }) => kind)).toEqual(["live"]);
  });

  it("leaves the model there was where it cannot be loaded", async () => {
    await using project = await projectOf(COUNTING);
    await using server = await watchProject(project);
    await project.save("model/rows.csv", "a\n");
    expect(await server.next("broken")).toMatchObject({
      files: ["model/rows.csv"],
      problem: "load threw Error : the file has no end (load.ts:6:40)",
    });
    expect(await ask(server)).toMatchObject({ rows: 2 });
    await project.save("model/rows.csv", "a\nb\nc\nend\n");
    await server.next("live");
    expect(await ask(server)).toMatchObject({ rows: 4 });
  });

  it("serves where an engine runs it without any code", async () => {
    await using project = await projectOf({});
    await project.copyModel("iris-onnx/model/model.onnx", "model/model.onnx");
    await using server = await watchProject(project);
    const before = server.model.info.inputs;
    const half = (await readFile(IRIS)).subarray(0, 200);
    await project.write({ "model/model.onnx": half.toString("latin1") });
    expect((await server.next("broken")).problem).toMatch(/model\.onnx/);
    expect(server.model.info.inputs).toEqual(before);
    await copyFile(join(FIXTURES, "digits-onnx/model/model.onnx"), join(project.path, "model/model.onnx"));
    expect(await server.next("live")).toMatchObject({ files: ["model/model.onnx"], isModelKept: false });
    expect(server.model.info.inputs).not.toEqual(before);
  });

  it("is none where only what else a project has changes", async () => {
    await using project = await projectOf({ ...COUNTING, "examples/one.json": "{}", "README.md": "" });
    await using server = await watchProject(project);
    await project.write({
      "examples/one.json": '{"instances":[1]}',
      "README.md": "words",
      "notes.txt": "more",
    });
    await project.save(
      "predictor.ts",
      COUNTING["predictor.ts"].replace("=> model)", "=> ({ ...model, isNew: true }))"),
    );
    expect(await server.next("live")).toMatchObject({ files: ["predictor.ts"], isModelKept: true });
    expect(await ask(server)).toEqual({ rows: 2, loads: 1, isNew: true });
  });

  it("serves where the model file itself is named", async () => {
    await using project = await projectOf({});
    await project.copyModel("iris-onnx/model/model.onnx", "flower.onnx");
    await using server = await watchProject({ path: join(project.path, "flower.onnx") });
    const before = server.model.info.inputs;
    await copyFile(join(FIXTURES, "digits-onnx/model/model.onnx"), join(project.path, "flower.onnx"));
    expect(await server.next("live")).toMatchObject({ model: "flower", files: ["flower.onnx"] });
    expect(server.model.info.inputs).not.toEqual(before);
  });

  it("does not count where each load makes it", async () => {
    await using project = await projectOf({
      ...COUNTING,
      "load.ts": `import { writeFileSync } from "node:fs";
        const load = ({ modelDir }: { modelDir: string }) => {
          writeFileSync(modelDir + "/cache.bin", String(process.hrtime.bigint()));
          return {};
        };
        export { load };`,
    });
    await using server = await watchProject(project);
    await project.save("model/rows.csv", "b\nend\n");
    expect((await server.next("notice")).text).toBe(
      "model/cache.bin is written whenever the model is loaded, so it is not watched any more",
    );
    const { swaps } = server.codeWatch?.state as { swaps: number };
    expect(swaps).toBeLessThanOrEqual(3);
    await project.save("model/rows.csv", "c\nend\n");
    const { files } = await server.next("live");
    expect(files).toEqual(["model/rows.csv"]);
    expect(server.codeWatch?.state.swaps).toBe(swaps + 1);
  });

  it("serves the first model that a project gets", async () => {
    await using project = await projectOf({
      "predictor.ts": `
        export const inputs = [{ name: "input", datatype: "FP32", shape: [-1, 4] }];
        export const predict = (model: unknown) => [model === undefined ? "no model" : "a model"];`,
    });
    await using server = await watchProject(project);
    const flower = [5.1, 3.5, 1.4, 0.2];
    expect(await ask(server, "m", flower)).toBe("no model");
    await mkdir(join(project.path, "model"));
    await sleep(300);
    await project.copyModel("iris-onnx/model/model.onnx", "model/model.onnx");
    expect(await server.next("live")).toMatchObject({ files: ["model/model.onnx"], isModelKept: false });
    expect(await ask(server, "m", flower)).toBe("a model");
  });
});
