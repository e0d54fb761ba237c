import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { format } from "prettier";
import { describe, expect, it } from "vitest";
import { serveFolder } from "../../runtime/serving.ts";
import { typeErrors } from "../../types/type-errors.ts";
import { ROOT, folderWith, runCli } from "../run-cli.ts";

const PREDICTORS = {
  "models/iris-v2/predictor.mjs": `
    export const inputs = [
      { name: "x", datatype: "FP32", shape: [-1, 2] },
      { name: "a-name", datatype: "INT64", shape: [-1] },
      { name: "note", datatype: "BYTES", shape: [-1], optional: true },
    ];
    export const outputs = [
      { name: "sum", datatype: "FP32", shape: [-1] },
      { name: "seen", datatype: "BOOL", shape: [-1] },
    ];
    export const execution = "inline";
    export const predict = (_model, { x, note }) => ({
      sum: Array.from({ length: x.shape[0] }, (_, row) => x.data[row * 2] + x.data[row * 2 + 1]),
      seen: Array.from({ length: x.shape[0] }, () => note !== undefined),
    });`,
  "models/2words/predictor.mjs": `
    export const inputs = [{ name: "text", datatype: "BYTES", shape: [-1] }];
    export const outputs = [{ name: "text", datatype: "BYTES", shape: [-1] }];
    export const execution = "inline";
    export const predict = (_model, { text }) => ({ text: text.data });`,
  "models/open/predictor.mjs": `
    export const execution = "inline";
    export const predict = (_model, input) => input;`,
};

/** A folder within the repository, whose packages the written client imports. */
async function withinRepository(files: Readonly<Record<string, string>>) {
  const path = await mkdtemp("test/cli/client/written-");
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

const client = (...args: readonly string[]) => runCli(["client", ...args]);

describe("kserve-ts client", () => {
  it("writes a client that compiles and that a server answers", { timeout: 60_000 }, async () => {
    await using project = await folderWith(PREDICTORS);
    await using server = await serveFolder(join(project.path, "models"));
    const { stdout, stderr, exitCode } = await client("--url", server.url);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    await using folder = await withinRepository({
      "models.ts": stdout,
      "use.ts": `
        import { tensor } from "kserve-ts";
        import { type IrisV2Inputs, type IrisV2Prediction, Models, irisV2Signature } from "./models.ts";

        export async function use(url: string) {
          using models = new Models(url, { timeoutMs: 10_000 });
          const inputs: IrisV2Inputs = { x: tensor("FP32", [1, 2], [1, 2]), "a-name": tensor("INT64", [1], [7n]) };
          const { outputs } = await models.irisV2.infer(inputs);
          const sum: Float32Array = outputs.sum.data;
          const rows: readonly IrisV2Prediction[] = await models.irisV2.predict([{ x: [1, 2], "a-name": 7n, note: "n" }]);
          const shape: readonly [-1, 2] = irisV2Signature.inputs[0].shape;
          const open = await models.open.infer({ y: tensor("FP32", [1], [3]) });
          const text: string = await models.model2words.generate("hello");
          const pieces: string[] = [];
          for await (const piece of models.model2words.generateStream("hello")) pieces.push(piece);
          for await (const answer of models.irisV2.inferStream(inputs)) pieces.push(String(answer.outputs.seen.data[0]));
          return { sum: [...sum], rows, shape, open: open.outputs["y"]?.shape, text, pieces, ready: await models.open.ready() };
        }`,
    });
    expect(typeErrors(join(folder.path, "use.ts"))).toEqual([]);
    const { use } = (await import(join(ROOT, folder.path, "use.ts"))) as {
      use(url: string): Promise<unknown>;
    };
    expect(await use(server.url)).toEqual({
      sum: [3],
      rows: [{ sum: 3, seen: true }],
      shape: [-1, 2],
      open: [1],
      text: "hello",
      pieces: ["hello", "0"],
      ready: true,
    });
  });

  it("makes each mistake an error of the compiler", { timeout: 60_000 }, async () => {
    await using project = await folderWith(PREDICTORS);
    const { stdout } = await client(join(project.path, "models"));
    const mistakes = [
      `models.irisV2.infer({ x: tensor("FP32", [1, 2], [1, 2]) })`,
      `models.model2words.infer({ text: tensor("FP32", [1], [1]) })`,
      `models.model2words.predict([1])`,
      `models.model2words.infer({ text: words }).then(({ outputs }) => outputs.other)`,
      `models.irisV2.generate("a")`,
    ];
    await using folder = await withinRepository({
      "models.ts": stdout,
      "use.ts": `
        import { tensor } from "kserve-ts";
        import { Models } from "./models.ts";
        const models = new Models("http://localhost:8080");
        export const words = tensor("BYTES", [1], ["a"]);
        export const answers = [\n${mistakes.join(",\n")}\n];`,
    });
    expect(typeErrors(join(folder.path, "use.ts"))).toEqual([
      expect.stringMatching(/use.ts:7 .*a-name/),
      expect.stringMatching(/use.ts:8 .*FP32/),
      expect.stringMatching(/use.ts:9 .*number/),
      expect.stringMatching(/use.ts:10 .*other/),
      expect.stringMatching(/use.ts:11 .*generate/),
    ]);
  });

  it("writes the same for a project as for a server of it", async () => {
    await using server = await serveFolder(`${ROOT}examples/digits`);
    const [ofServer, ofProject] = await Promise.all([client("--url", server.url), client("examples/digits")]);
    expect(ofProject).toEqual(ofServer);
    expect(ofServer.stdout).toContain('  readonly pixels: Tensor<"FP32">;');
    expect(ofServer.stdout).toContain("export type DigitsInstance = unknown;");
  });

  it("checks a file, in whatever way it is formatted, and writes it where it is out of date", async () => {
    await using folder = await folderWith({});
    const file = join(folder.path, "digits.ts");
    await using server = await serveFolder(`${ROOT}examples/digits`);
    const run = (...more: readonly string[]) => client("--url", server.url, "--out", file, ...more);
    expect(await run("--check")).toEqual({ stdout: `${file} is not there\n`, stderr: "", exitCode: 1 });
    expect(await run()).toEqual({ stdout: `Wrote ${file}: the client of digits\n`, stderr: "", exitCode: 0 });
    const text = await readFile(file, "utf8");
    const options = {
      parser: "typescript",
      printWidth: 60,
      singleQuote: true,
      semi: false,
      trailingComma: "none",
    } as const;
    const formatted = await format(text, options);
    expect(formatted).not.toBe(text);
    await writeFile(file, formatted);
    const same = { stdout: `${file} is up to date: the client of digits\n`, stderr: "", exitCode: 0 };
    expect(await run("--check")).toEqual(same);
    expect(await run()).toEqual(same);
    expect(await readFile(file, "utf8")).toBe(formatted);
    await writeFile(file, formatted.replace("28, 28", "28, 29"));
    expect(await run("--check")).toEqual({
      stdout: `${file} is out of date: digits\n`,
      stderr: "",
      exitCode: 1,
    });
  });

  it("takes one model of several with --model", async () => {
    await using project = await folderWith(PREDICTORS);
    const { stdout } = await client(join(project.path, "models"), "--model", "open");
    expect(stdout).toContain("export class OpenModel");
    expect(stdout).not.toContain("Iris");
  });

  it.each([
    [["--check"], "--check needs --out", 2],
    [["--url", "http://127.0.0.1:1", "--image", "x"], "--image and --url are different servers", 2],
    [["--url", "http://127.0.0.1:1"], "127.0.0.1:1", 6],
    [["examples/digits", "--out", "none/such/file.ts"], "--out none/such/file.ts cannot be written", 2],
    [["examples/digits", "--model", "other"], "other", 1],
  ])("refuses %j", async (args, said, exitCode) => {
    const ended = await client(...args);
    expect(ended.stderr).toContain(said);
    expect(ended.exitCode).toBe(exitCode);
  });
});
