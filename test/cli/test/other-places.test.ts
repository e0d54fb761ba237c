import { cp } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT, folderWith, runCli } from "../run-cli.ts";

const TRANSFORMER = `
export const preProcess = ({ instances }) => instances.map((value) => value + 1);
export const postProcess = (predictions) => predictions.map((value) => "number " + value);
`;
const REMOTE = "export const predict = (_model, instances) => instances.map((value) => value * 10);";
const EXAMPLE = {
  "project/examples/a.json": '{"instances": [1, 2]}',
  "project/examples/a.expected.json": '{"predictions": ["number 20", "number 30"]}',
};

describe("kserve-ts test of a transformer", () => {
  it.each(["project", "other"])("serves its stand-in under the same name, %s", async (modelName) => {
    await using folder = await folderWith({
      "project/predictor.mjs": TRANSFORMER,
      "project/remote/predictor.mjs": REMOTE,
      // Nobody listens there: the stand-in is asked in its place.
      "project/kserve.config.mjs": `export default {
        server: { predictorHost: "127.0.0.1:9", predictorUseSsl: true, modelName: "${modelName}" },
        test: { predictor: "remote" } };`,
      ...EXAMPLE,
    });
    const { stdout, stderr, exitCode } = await runCli(["test", join(folder.path, "project")]);
    expect(stdout).toMatch(/examples\/a\.json +pass/);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  });

  it("asks the one that --predictor_host names all the same", async () => {
    await using folder = await folderWith({
      "project/predictor.mjs": TRANSFORMER,
      "project/remote/predictor.mjs": REMOTE,
      "project/kserve.config.json": '{"test": {"predictor": "remote"}}',
      ...EXAMPLE,
    });
    const words = ["test", join(folder.path, "project"), "--predictor_host", "127.0.0.1:9"];
    const { stdout, exitCode } = await runCli(words);
    expect(stdout).toMatch(/examples\/a\.json +FAIL/);
    expect(exitCode).toBe(1);
  });

  it("names a setting that means nothing", async () => {
    await using folder = await folderWith({
      "project/predictor.mjs": TRANSFORMER,
      "project/kserve.config.json": '{"test": {"predictors": "remote"}}',
      ...EXAMPLE,
    });
    const { stderr, exitCode } = await runCli(["test", join(folder.path, "project")]);
    expect(stderr).toMatch(
      /kserve\.config\.json: test\.predictors means nothing here; did you mean predictor\?/,
    );
    expect(exitCode).toBe(2);
  });
});

describe("kserve-ts test of a model for KServe's own runtime", () => {
  const files = {
    "project/kserve.config.json": JSON.stringify({
      deploy: { predictor: "sklearn", model: "model" },
      targets: { staging: { store: "s3://models" } },
    }),
    "project/examples/a.json": '{"instances": [[5.1, 3.5, 1.4, 0.2]]}',
  };

  it("checks it as deploy does, and says that its examples are not asked", async () => {
    await using folder = await folderWith(files);
    const project = join(folder.path, "project");
    await cp(join(ROOT, "test/fixtures/models/iris-sklearn/model"), join(project, "model"), {
      recursive: true,
    });
    const { stdout, exitCode } = await runCli(["test", project]);
    expect(stdout).toMatch(
      /^project can be deployed \(sklearn, 1\.6 kB to upload\), and is not asked here: 1 example\n/,
    );
    expect(stdout).toContain("kserve-ts test --target staging asks it there");
    expect(stdout).toMatch(/\n1 example: 0 passed; 0 answers compared, 4 not applicable/);
    expect(exitCode).toBe(0);
  });

  it("fails when the model cannot be deployed", async () => {
    await using folder = await folderWith({ ...files, "project/model/model.joblib": "cut short" });
    const { stdout, stderr, exitCode } = await runCli(["test", join(folder.path, "project")]);
    expect(stderr).toMatch(/^error: .*model\.joblib/);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 4 });
  });
});
