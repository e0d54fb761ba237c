import { describe, expect, it } from "vitest";
import type { CodeState } from "../../../runtime/dev/code-state.ts";
import { ask, projectOf, says, watchProject } from "./watched.ts";

describe("a change that cannot serve", () => {
  it("leaves the last good one, and is told with file, line, column and the line", async () => {
    await using project = await projectOf({ "predictor.ts": says("old") });
    await using server = await watchProject(project);
    const states: CodeState[] = [];
    const stop = server.codeWatch?.onChange((state) => void states.push(state));
    await project.save("predictor.ts", `// A word is missing.\nexport const predict = () => [1;\n`);
    const { problem, files } = await server.next("broken");
    expect(files).toEqual(["predictor.ts"]);
    expect(problem).toBe(
      'predictor.ts:2:32: Expected "]" but found ";"\n  2 | export const predict = () => [1;\n' +
        `${" ".repeat(37)}^`,
    );
    expect(await ask(server)).toBe("old");
    expect(states.map(({ status }) => status)).toEqual(["changing", "broken"]);
    expect(server.codeWatch?.state).toEqual({ status: "broken", swaps: 0, problem });
    await project.save("predictor.ts", says("new"));
    await server.next("live");
    expect(await ask(server)).toBe("new");
    expect(server.codeWatch?.state).toEqual({ status: "live", swaps: 1 });
    stop?.();
    await project.save("predictor.ts", says("newest"));
    await server.next("live");
    expect(states.at(-1)).toEqual({ status: "live", swaps: 1 });
  });

  it("is taken back by what was there before it", async () => {
    await using project = await projectOf({ "predictor.ts": says("old") });
    await using server = await watchProject(project);
    await project.save("predictor.ts", "export const predict = ;");
    await server.next("broken");
    await project.save("predictor.ts", says("old"));
    expect(await server.next("same")).toEqual({ kind: "same", files: ["predictor.ts"] });
    expect(server.codeWatch?.state).toEqual({ status: "live", swaps: 0 });
    expect(await ask(server)).toBe("old");
  });

  it.each([
    [
      "throws as it is imported",
      `throw new Error("no luck");\n${says("new")}`,
      /threw while it was imported: Error: no luck \(predictor\.ts:1:/,
    ],
    [
      "throws in its load",
      `export const load = () => { throw new Error("no luck"); };\n${says("new")}`,
      /^load threw Error : no luck \(predictor\.ts:1:35\)$/,
    ],
    [
      "exports what means nothing",
      `export const predct = 1;\nexport const inputs = [];`,
      /did you mean predict\?/,
    ],
    [
      "imports a file that is not there",
      `import "./other.ts";\n${says("new")}`,
      /predictor\.ts:1:8: Could not resolve "\.\/other\.ts"/,
    ],
    [
      "imports a package that is not there",
      `import "no-such-package";\n${says("new")}`,
      /imports no-such-package, which is not there/,
    ],
  ])("leaves the last good one where it %s", async (_what, text, expected) => {
    await using project = await projectOf({ "predictor.ts": says("old") });
    await using server = await watchProject(project);
    await project.save("predictor.ts", text);
    expect((await server.next("broken")).problem).toMatch(expected);
    expect(await ask(server)).toBe("old");
    await project.save("predictor.ts", says("better"));
    await server.next("live");
    expect(await ask(server)).toBe("better");
  });

  it("serves as soon as the file that it lacks is there", async () => {
    await using project = await projectOf({ "predictor.ts": says("old") });
    await using server = await watchProject(project);
    await project.save(
      "predictor.ts",
      `import { word } from "./word.ts";\nexport const predict = (_model: unknown, list: unknown[]) => list.map(() => word);`,
    );
    await server.next("broken");
    await project.write({ "word.ts": `export const word = "new";` });
    await server.next("live");
    expect(await ask(server)).toBe("new");
  });

  it("is given up for the next one where its load never ends", async () => {
    await using project = await projectOf({ "predictor.ts": says("old") });
    await using server = await watchProject(project);
    await project.save(
      "predictor.ts",
      `export const load = () => new Promise(() => undefined);\n${says("never")}`,
    );
    while (server.codeWatch?.state.status !== "changing")
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await ask(server)).toBe("old");
    await project.save("predictor.ts", says("new"));
    await server.next("live");
    expect(await ask(server)).toBe("new");
    expect(server.events.map(({ kind }) => kind)).toEqual(["live"]);
  });

  it("is replaced though the code that serves never comes to an end", async () => {
    await using project = await projectOf({
      "predictor.ts": `export const predict = () => { for (;;); };`,
    });
    await using server = await watchProject(project, {
      options: { httpPort: 0, gracePeriodMs: 0, requestTimeoutMs: 2_000 },
    });
    const stuck = ask(server);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await project.save("predictor.ts", says("new"));
    await server.next("live");
    expect(await ask(server)).toBe("new");
    expect(await stuck).toMatchObject([504, {}]);
  });

  it("leaves the last good one where it ends the thread that it comes into", async () => {
    await using project = await projectOf({ "predictor.ts": says("old") });
    await using server = await watchProject(project);
    await project.save("predictor.ts", `process.exit(3);\n${says("new")}`);
    expect((await server.next("broken")).problem).toMatch(/the worker died while it loaded the model/);
    expect(await ask(server)).toBe("old");
  });

  it("is told to the playground", async () => {
    await using project = await projectOf({ "predictor.ts": says("old") });
    await using server = await watchProject(project, { options: { httpPort: 0, playground: true } });
    const code = async () => {
      const response = await fetch(`${server.url}/playground/state`);
      return ((await response.json()) as { code: CodeState }).code;
    };
    expect(await code()).toEqual({ status: "live", swaps: 0 });
    await project.save("predictor.ts", "export const predict = ;");
    const { problem } = await server.next("broken");
    while ((await code()).status === "changing");
    expect(await code()).toEqual({ status: "broken", swaps: 0, problem });
  });
});
