import { mkdir, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { TEMPLATE_NAMES } from "../../../cli/init/templates.ts";
import { productVersion } from "../../../runtime/product-version.ts";
import { ROOT } from "../../cli/run-cli.ts";
import { emptyFolder, install, mustRun, nodeVersion } from "./npm.ts";

const tarball = inject("tarball");

/** What a user may have installed at most, without an engine. */
const MOST_INSTALLED_BYTES = 50_000_000;

const LINTERS = ["publint@^0.3.25", "@arethetypeswrong/cli@^0.18.5"];

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async (file) => (await stat(join(file.parentPath, file.name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function projectWith(files: Readonly<Record<string, string>> = {}) {
  const folder = await emptyFolder();
  await writeFile(join(folder.path, "package.json"), '{"private": true, "type": "module"}');
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder.path, name), text);
  return folder;
}

describe("the package", () => {
  it("has what it needs, and nothing of the repository beside it", async () => {
    const { stdout } = await mustRun("tar", ["-tzf", tarball], ROOT);
    const paths = stdout
      .trim()
      .split("\n")
      .map((path) => path.replace(/^package\//, ""));
    const top = [...new Set(paths.map((path) => path.split("/")[0]))].toSorted();
    expect(top).toEqual([
      ".dockerignore",
      "CHANGELOG.md",
      "Dockerfile",
      "LICENSE",
      "README.md",
      "dist",
      "package.json",
      "templates",
    ]);
    const templates = paths.filter((path) => path.startsWith("templates/"));
    expect([...new Set(templates.map((path) => path.split("/")[1]))].toSorted()).toEqual(
      ["common", ...TEMPLATE_NAMES].toSorted(),
    );
    expect(templates).toContain("templates/common/gitignore");
    expect(paths).toContain("dist/THIRD-PARTY-NOTICES.txt");
  });

  it("installs in less than 50 MB without its peers", async () => {
    await using folder = await projectWith();
    await install(folder.path, [tarball]);
    const bytes = await bytesIn(join(folder.path, "node_modules"));
    console.log(`Installed without peers: ${(bytes / 1_000_000).toFixed(1)} MB`);
    expect(bytes).toBeLessThan(MOST_INSTALLED_BYTES);
  });

  it("has nothing against it from publint and are-the-types-wrong", async () => {
    await using folder = await projectWith();
    await install(folder.path, LINTERS);
    await mustRun("npx", ["publint", "run", tarball, "--strict"], folder.path);
    // A package of modules cannot be required by older resolutions, and says so.
    await mustRun("npx", ["attw", tarball, "--profile", "esm-only"], folder.path);
  });

  it("has types under nodenext and bundler, those of what it is made of included", async () => {
    await using folder = await projectWith({ "use.ts": USE, "build.ts": BUILD });
    const { devDependencies } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as {
      devDependencies: Record<string, string>;
    };
    const tools = ["typescript", "@types/node"].map((name) => `${name}@${devDependencies[name]}`);
    await install(folder.path, [tarball, ...tools]);
    const common = [
      "--noEmit",
      "--strict",
      "--exactOptionalPropertyTypes",
      "--target",
      "es2024",
      "--types",
      "node",
    ];
    for (const [resolution, module] of [
      ["nodenext", "nodenext"],
      ["bundler", "preserve"],
    ] as const) {
      const how = ["--module", module, "--moduleResolution", resolution];
      await mustRun("npx", ["tsc", ...common, ...how, "use.ts"], folder.path);
      // dockerode's types are for those who use its client, with @types/dockerode.
      await mustRun("npx", ["tsc", ...common, ...how, "--skipLibCheck", "build.ts"], folder.path);
    }
  });

  it.each(["22.18.0", "24", "26"])("installs and serves on Node %s", async (version) => {
    const node = await nodeVersion(version);
    await using folder = await projectWith({ "predictor.ts": PREDICTOR, "ask.mjs": ASK });
    await mkdir(join(folder.path, "examples"));
    await writeFile(join(folder.path, "examples/a.json"), '{"instances": [[1, 2, 3], [4, 5, 6]]}');
    await writeFile(join(folder.path, "examples/a.expected.json"), '{"predictions": [6, 15]}');
    await install(folder.path, [tarball], node);
    const { stdout: said } = await mustRun("npx", ["kserve-ts", "--version"], folder.path, node);
    expect(said).toBe(`kserve-ts ${productVersion()}\n`);
    const { stdout } = await mustRun("node", ["ask.mjs"], folder.path, node);
    expect(JSON.parse(stdout)).toEqual({ node: expect.stringMatching(`^v${version}`), answer: [6, 15] });
    const { stdout: tested } = await mustRun("npx", ["kserve-ts", "test"], folder.path, node);
    expect(tested).toContain("1 example: 1 passed; 4 answers compared");
  });
});

const PREDICTOR = `
import { definePredictor } from "kserve-ts";
export default definePredictor({
  inputs: [{ name: "x", datatype: "FP32", shape: [-1, 3] }],
  outputs: [{ name: "sum", datatype: "FP32", shape: [-1] }],
  predict: (_model, { x }) =>
    Array.from({ length: x.data.length / 3 }, (_, row): number =>
      x.data.subarray(row * 3, row * 3 + 3).reduce((sum, value) => sum + value)),
});
`;

const ASK = `
import { InferenceClient } from "kserve-ts/client";
import { createServer } from "kserve-ts/runtime";
const server = await createServer({ options: { httpPort: 0, modelName: "m", logLevel: "error" } });
const answer = await new InferenceClient(server.url).predict("m", [[1, 2, 3], [4, 5, 6]]);
console.log(JSON.stringify({ node: process.version, answer }));
await server.stop();
`;

const USE = `
import { type Predictor, type TestConfig, defineConfig, definePredictor } from "kserve-ts";
import { InferenceClient } from "kserve-ts/client";
import { type RunningServer, createServer } from "kserve-ts/runtime";
import { type DeployPlan, layerDeployment, render } from "kserve-ts/deployer";

export const predictor: Predictor = definePredictor({
  inputs: [{ name: "x", datatype: "FP32", shape: [-1] }],
  // @ts-expect-error there is no input y
  predict: (_model, { y }) => y.data,
});
export const test: TestConfig = { predictor: "remote" };
export const config = defineConfig({ test, server: { httpPort: 0 } });
// @ts-expect-error a port is a number
defineConfig({ server: { httpPort: "8080" } });
export const start = (): Promise<RunningServer> => createServer({ extend: (app) => app.get("/hello", (_req, res) => res.json({})) });
export const client = new InferenceClient("http://localhost:8080");
export const plan = (made: DeployPlan) => render(made);
export { layerDeployment };
`;

const BUILD = `
import { type BuildPlan, createDockerEngine, createOciEngine, createPlan } from "kserve-ts/builder";
export const engines = [createDockerEngine(), createOciEngine()];
export const plan: (...input: Parameters<typeof createPlan>) => Promise<BuildPlan> = createPlan;
`;
