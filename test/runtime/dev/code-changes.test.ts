import { describe, expect, it } from "vitest";
import { ask, projectOf, says, watchProject } from "./watched.ts";

const IRIS = { x: [5.1, 3.5, 1.4, 0.2] };

describe("a change of a watched predictor", () => {
  it("serves, written in place or put in its place", async () => {
    await using project = await projectOf({ "predictor.ts": says("old") });
    await using server = await watchProject(project);
    expect(await ask(server)).toBe("old");
    await project.write({ "predictor.ts": says("new") });
    expect(await server.next("live")).toMatchObject({ model: "m", files: ["predictor.ts"], isModelKept: undefined });
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
    const instance = server.model.info.inputs.length === 1 ? IRIS.x : IRIS;
    expect(await ask(server, "m", instance)).toBe("old");
    await project.write({ "predictor.ts": `export const postProcess = () => ["new"];` });
    expect(await server.next("live")).toMatchObject({ files: ["predictor.ts"], isModelKept: true });
    expect(await ask(server, "m", instance)).toBe("new");
  });
});
