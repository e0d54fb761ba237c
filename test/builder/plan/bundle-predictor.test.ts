import { writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { bundlePredictor } from "../../../builder/plan/bundle-predictor.ts";
import { Folder, ownFiles } from "../project.ts";

async function bundle(files: Readonly<Record<string, string>>, external: readonly string[] = []) {
  await using project = await Folder.of(files);
  await using home = await Folder.of({});
  const { imageFolder } = await ownFiles(home);
  const result = await bundlePredictor({
    projectFolder: project.path,
    predictorPath: project.at("predictor.ts"),
    contractPath: `${imageFolder}/lib/contract.js`,
    external,
  });
  const file = project.at("bundled.mjs");
  await writeFile(file, result.code);
  await project.write("predictor.js.map", result.map);
  const load = async () => (await import(/* @vite-ignore */ file)) as Record<string, unknown>;
  return { ...result, project: project.path, exports: await load().catch((error: unknown) => ({ error })) };
}

const pkg = (name: string, more: object = {}) =>
  JSON.stringify({ name, version: "1.0.0", main: "index.js", ...more });

describe("the predictor's bundle", () => {
  it("is one module with the contract, packages and TypeScript of all kinds in it, and runs", async () => {
    const { code, map, externals, exports, project } = await bundle({
      "predictor.ts":
        'import { InvalidInput } from "kserve-ts"; import { Mode } from "./mode"; import twice from "twice";\n' +
        "export const result = [new InvalidInput('x').code, Mode.On, twice(2)];",
      "mode.ts": "export enum Mode { Off, On }",
      "node_modules/twice/package.json": pkg("twice"),
      "node_modules/twice/index.js":
        "module.exports = (x) => require('node:util').isDeepStrictEqual(1, 1) && 2 * x;",
    });
    expect(exports).toMatchObject({ result: ["KTS_INVALID_INPUT", 1, 4] });
    expect(externals).toEqual([]);
    expect((JSON.parse(map) as { sources: string[] }).sources).toContain("predictor.ts");
    expect(code).not.toContain(project);
  });

  it.each([
    ["native code", { "addon.node": "" }, {}, "it has addon.node"],
    ["a build of native code", { "binding.gyp": "{}" }, {}, "it has binding.gyp"],
    ["WebAssembly beside it", { "lib/x.wasm": "" }, {}, "it has lib/x.wasm"],
    ["a platform of its own", {}, { os: ["linux"] }, "some platforms only"],
    [
      "packages by platform",
      {},
      { optionalDependencies: { "@native/p-linux-x64": "1" } },
      "package for each platform",
    ],
    [
      "code that looks beside itself",
      { "index.js": "module.exports = __dirname;" },
      {},
      "its code uses __dirname",
    ],
    ["a worker", { "index.js": "new Worker('x');" }, {}, "its code uses new Worker"],
  ])("leaves out a package with %s", async (_what, files, manifest, why) => {
    const inPackage = Object.entries({ "index.js": "module.exports = 1;", ...files });
    const { externals, code, project } = await bundle({
      "predictor.ts": 'import p from "p"; export default p;',
      "node_modules/p/package.json": pkg("p", manifest),
      ...Object.fromEntries(inPackage.map(([name, text]) => [`node_modules/p/${name}`, text])),
    });
    expect(externals).toEqual([
      { name: "p", folder: `${project}/node_modules/p`, why: expect.stringContaining(why) as string },
    ]);
    expect(code).toMatch(/from "p"/);
  });

  it("leaves out what a bundled package needs of such kind, and what --external names", async () => {
    const files = {
      "predictor.ts": 'import a from "a"; import c from "@s/c/part.js"; export default [a, c];',
      "node_modules/a/package.json": pkg("a"),
      "node_modules/a/index.js": "module.exports = require('b');",
      "node_modules/b/package.json": pkg("b", { cpu: ["x64"] }),
      "node_modules/b/index.js": "module.exports = 1;",
      "node_modules/@s/c/package.json": pkg("@s/c"),
      "node_modules/@s/c/part.js": "module.exports = 2;",
    };
    expect((await bundle(files)).externals.map(({ name }) => name)).toEqual(["b"]);
    expect((await bundle(files, ["@s/c"])).externals.map(({ name }) => name)).toEqual(["@s/c", "b"]);
  });

  it("says where an import leads nowhere, and what to install", async () => {
    const files = { "predictor.ts": '\nimport pad from "left-pad/x";\nexport default pad;' };
    await expect(bundle(files)).rejects.toMatchObject({
      code: "KTS_BUILD_INPUT",
      message: expect.stringMatching(
        /^predictor\.ts:2:17: Could not resolve "left-pad\/x"\n {2}2 \| import/,
      ) as string,
      hint: expect.stringContaining("npm install left-pad in ") as string,
    });
  });

  it("says where the syntax is wrong", async () => {
    await expect(bundle({ "predictor.ts": "export const a = ;" })).rejects.toThrow(
      /^predictor\.ts:1:18: Unexpected/,
    );
  });

  it("is refused where two versions of a package would be needed beside it", async () => {
    const native = (at: string) => ({
      [`${at}/package.json`]: pkg("b", { cpu: ["x64"] }),
      [`${at}/index.js`]: "",
    });
    const files = {
      "predictor.ts": 'import "a"; import "b";',
      "node_modules/a/package.json": pkg("a"),
      "node_modules/a/index.js": "require('b');",
      ...native("node_modules/b"),
      ...native("node_modules/a/node_modules/b"),
    };
    await expect(bundle(files)).rejects.toThrow("imports two copies of b");
  });

  it("warns of a file that the predictor reads and nobody includes", async () => {
    const { warnings } = await bundle({
      "predictor.ts": 'export const url = new URL("./labels.json", import.meta.url);',
      "labels.json": "[]",
    });
    expect(warnings).toEqual([expect.stringContaining("--include labels.json")]);
  });

  it("leaves an import of a try that is not there", async () => {
    const { exports } = await bundle({
      "predictor.ts":
        "let found = true; try { require('not-there'); } catch { found = false; } export { found };",
    });
    expect(exports).toMatchObject({ found: false });
  });
});
