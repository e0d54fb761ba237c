import { execFile } from "node:child_process";
import { copyFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { productVersion } from "../../runtime/product-version.ts";
import { Cli, ROOT, folderWith, untilServing } from "./run-cli.ts";

// Each makes the bundle anew, which takes long where other tests run beside it.
vi.setConfig({ testTimeout: 120_000 });

/** The bundle as `npm run build` makes it, in a folder of its own. */
async function bundle() {
  const folder = await folderWith({});
  const script = join(ROOT, "scripts/build.ts");
  await promisify(execFile)(process.execPath, [script, join(folder.path, "dist")], { cwd: ROOT });
  await copyFile(join(ROOT, "package.json"), join(folder.path, "package.json"));
  const main = join(folder.path, "dist/kserve-ts.js");
  return Object.assign(folder, { main, program: [process.execPath, main] as const });
}

describe("the bundled command line", () => {
  it("is a script that serves, answers and stops as from its sources", async () => {
    await using built = await bundle();
    expect(await readFile(built.main, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
    await using version = new Cli(["--version"], { program: built.program });
    expect((await version.ended).stdout).toBe(`kserve-ts ${productVersion()}\n`);
    await using cli = new Cli(["serve", "examples/digits", "--http_port", "0"], { program: built.program });
    const { url } = await untilServing(cli);
    const input = ["--input", "examples/digits/examples/seven.json"];
    await using predict = new Cli(["predict", "--url", url, ...input], { program: built.program });
    expect(await predict.ended).toEqual({ stdout: '{"predictions":[7]}\n', stderr: "", exitCode: 0 });
    cli.signal("SIGTERM");
    expect((await cli.ended).exitCode).toBe(0);
    await using fish = new Cli(["completion", "fish"], { program: built.program });
    await using made = new Cli(["completion", "fish"]);
    expect((await fish.ended).stdout).toBe((await made.ended).stdout);
    // The server that is measured is a file of its own.
    const load = ["bench", "examples/digits", "--rate", "5", "--quick", "--duration", "1", "--warmup", "0"];
    await using bench = new Cli(load, { program: built.program });
    expect(await bench.ended).toMatchObject({
      stdout: expect.stringMatching(/^digits at /) as string,
      exitCode: 0,
    });
  });

  it("gives a predictor whose project has it installed the classes that the worker throws", async () => {
    await using built = await bundle();
    await using project = await folderWith({
      "predictor.mjs": `
        import { InvalidInput } from "kserve-ts";
        export const inputs = [{ name: "x", datatype: "FP32", shape: [-1, 1] }];
        export const preProcess = (request) => {
          try { return request.tensors; } catch (error) { return [error instanceof InvalidInput]; }
        };
        export const predict = (_model, list) => list;`,
    });
    await mkdir(join(project.path, "node_modules"));
    await symlink(built.path, join(project.path, "node_modules/kserve-ts"));
    const args = ["serve", project.path, "--model_name", "m", "--http_port", "0", "--grpc_port", "0"];
    await using cli = new Cli(args, { program: built.program });
    const { url } = await untilServing(cli);
    const body = JSON.stringify({ instances: ["text"] });
    const response = await fetch(`${url}/v1/models/m:predict`, { method: "POST", body });
    expect(await response.json()).toEqual({ predictions: [true] });
  });

  it("serves a project as it changes, the model kept", { timeout: 60_000 }, async () => {
    await using built = await bundle();
    await symlink(join(ROOT, "node_modules"), join(built.path, "node_modules"));
    const answers = (text: string) => `
      import { InvalidInput } from "kserve-ts";
      export { load } from "./model.ts";
      export const predict = (model: string, list: unknown[]) => {
        if (list.length > 1) throw new InvalidInput("too many");
        return [model + ${JSON.stringify(text)}];
      };`;
    await using project = await folderWith({
      "model.ts": `export const load = () => "model: ";`,
      "predictor.ts": answers("old"),
    });
    const args = [
      "serve",
      project.path,
      "--watch",
      "--model_name",
      "m",
      "--http_port",
      "0",
      "--grpc_port",
      "0",
    ];
    await using cli = new Cli(args, { program: built.program });
    const { url } = await untilServing(cli);
    const ask = async (instances: unknown[]) => {
      const body = JSON.stringify({ instances });
      return (await fetch(`${url}/v1/models/m:predict`, { method: "POST", body })).json();
    };
    expect(await ask([1])).toEqual({ predictions: ["model: old"] });
    await writeFile(join(project.path, "predictor.ts"), answers("new"));
    await cli.until("stdout", /^predictor\.ts changed: live in \d+ ms, model kept$/m);
    expect(await ask([1])).toEqual({ predictions: ["model: new"] });
    expect(await ask([1, 2])).toEqual({ error: "too many" });
  });
});
