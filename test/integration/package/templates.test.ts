import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { TEMPLATE_NAMES, type TemplateName } from "../../../cli/init/templates.ts";
import { Cli, untilServing } from "../../cli/run-cli.ts";
import { emptyFolder, install, mustRun } from "./npm.ts";

const tarball = inject("tarball");

/** Where the package is installed for its `init`; projects lie elsewhere, and find none of its packages. */
let tool: Awaited<ReturnType<typeof emptyFolder>>;
beforeAll(async () => {
  tool = await emptyFolder();
  await install(tool.path, [tarball]);
});
afterAll(() => tool[Symbol.asyncDispose]());

const init = (cwd: string, ...words: readonly string[]) =>
  mustRun(join(tool.path, "node_modules/.bin/kserve-ts"), ["init", ...words], cwd);

/** What each template is asked first, and what has to come; undefined where another server answers. */
const ASKED: Readonly<Record<TemplateName, readonly [words: readonly string[], answer: RegExp] | undefined>> =
  {
    function: [["--input", "examples/two-loans.json"], /"approved":true.*"approved":false/],
    onnx: [["--input", "examples/seven.json"], /^{"predictions":\[7\]}\n$/],
    "sklearn-onnx": [["--input", "examples/flowers.json"], /"setosa".*"versicolor".*"virginica"/],
    tensorflow: [["--input", "examples/zero.json"], /"digit":0/],
    transformer: undefined,
    streaming: [["--input", "examples/sentence.json"], /"the".*"model"/],
    "multi-model": [
      ["--model", "iris", "--input", "iris/examples/flowers.json"],
      /"label":0.*"label":1.*"label":2/,
    ],
    standard: undefined,
  };

describe.each(TEMPLATE_NAMES)("the template %s, from the tarball in an empty folder", (template) => {
  it("is a project whose types, tests and examples pass, and that answers", async () => {
    await using folder = await emptyFolder();
    const startedAt = performance.now();
    await init(folder.path, "my-model", "--template", template);
    const initMs = performance.now() - startedAt;
    const project = join(folder.path, "my-model");
    await install(project, [tarball]);
    const installedMs = performance.now() - startedAt;
    const asked = ASKED[template];
    if (asked !== undefined) {
      const [words, answer] = asked;
      const program = [process.execPath, join(project, "node_modules/kserve-ts/dist/kserve-ts.js")] as const;
      await using cli = new Cli(["serve", "--http-port", "0"], { cwd: project, program });
      const { url } = await untilServing(cli);
      await using predict = new Cli(["predict", "--url", url, ...words], { cwd: project, program });
      const { stdout, stderr, exitCode } = await predict.ended;
      const answeredMs = performance.now() - startedAt;
      expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
      expect(stdout).toMatch(answer);
      const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
      console.log(
        `${template}: first right answer after ${seconds(answeredMs)}, of which npm took ${seconds(installedMs - initMs)}`,
      );
    }
    await mustRun("npm", ["run", "check"], project);
    // The code's own tests, and kserve-ts test.
    const { stdout } = await mustRun("npm", ["test"], project);
    expect(stdout).toMatch(/ fail 0\n/);
    expect(stdout).toMatch(/ pass [1-9]/);
    expect(stdout).toMatch(/\n\d examples?: \d passed; /);
    expect(await readdir(project)).toContain(".gitignore");
  });
});
