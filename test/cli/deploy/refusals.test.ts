import { describe, expect, it } from "vitest";
import { folderWith, runCli } from "../run-cli.ts";

const MODELS = "test/fixtures/models";
const env = { KUBECONFIG: "/nowhere/kubeconfig" };

describe("deploy refuses before it changes anything", () => {
  it.each([
    [["--imgae", "x"], 2, /there is no option --imgae.*Did you mean --image\?/s],
    [["--predictor", "sklern"], 2, /--predictor is "sklern", expected one of custom, .*sklearn/],
    [["--name", "My_Model", "--image", "a/b:1"], 2, /deploy\.name: expected a name .*such as "my-model"/],
    [["--name", "m", "--image", "a/b:1", "--memory", "64m"], 2, /memory: expected .*"64Mi"/],
    [
      ["--name", "m", "--image", "a/b:1", "--set", "scaleTarge=7"],
      2,
      /--set: deploy\.scaleTarge means nothing here; did you mean scaleTarget\?/,
    ],
    [
      ["--name", "m", "--image", "a/b:1", "--set", "scaleTarget"],
      2,
      /--set is "scaleTarget", expected path=value/,
    ],
    [
      ["--name", "m", "--image", "a/b:1", "--set", "secret.hf_tokn=s3cr3t"],
      2,
      /deploy\.secret\.hf_tokn: .*did you mean hf_token\?/,
    ],
    [["--name", "m", "--image", "a/b:1", "-e", "NAME"], 2, /--env is "NAME", expected name=value/],
    [
      ["--name", "m", "--image", "a/b:1", "--mode", "standard", "--min-replicas", "0"],
      2,
      /deploy\.minReplicas: expected/,
    ],
    [["--name", "m", "-p", "sklearn"], 2, /deploy\.model: expected the model that sklearn serves/],
    [
      ["--name", "m", "-p", "sklearn", "-m", `${MODELS}/iris-sklearn/model`],
      2,
      /there is no store to upload it to.*--store/s,
    ],
    [
      ["--name", "m", "-p", "sklearn", "-m", "nowhere", "--store", "s3://models"],
      4,
      /nowhere: expected a model's file or folder, got nothing/,
    ],
    [
      ["--name", "m", "-p", "xgboost", "-m", `${MODELS}/broken/two-models-xgboost`, "--store", "s3://models"],
      4,
      /two-models-xgboost/,
    ],
    [
      ["--name", "m", "-m", "ftp://x/y", "--image", "a/b:1"],
      2,
      /deploy\.model.*ftp:\/\/ is not|deploy\.model.*expected a URI/,
    ],
    [["--name", "m", "--store", "ftp://x", "--image", "a/b:1"], 2, /--store: expected s3:/],
    [["--name", "m", "--target", "prod", "--image", "a/b:1"], 2, /there is no target "prod"/],
    [
      ["--name", "m", "-p", "sklearn", "-m", "s3://models/b", "--build"],
      2,
      /--build makes the image of a custom predictor/,
    ],
    [["--name", "m", "--image", "a/b:1", "--config", "nowhere"], 2, /nowhere does not exist/],
    [["--name", "m", "--image", "localhost/b:1", "--context", "nosuch"], 6, /nosuch|no kubeconfig/],
  ])("%j", async (args, code, message) => {
    const { stdout, stderr, exitCode } = await runCli(["deploy", "--dry-run", ...args], { env });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("s3cr3t");
    expect([stdout, exitCode]).toEqual(["", code]);
  });

  it("a folder that was not built, and says the command", async () => {
    await using folder = await folderWith({ "predictor.ts": "export const predict = (x: unknown) => x;" });
    const own = { ...env, KSERVE_TS_CACHE_DIR: folder.path };
    const here = await runCli(["deploy", "--name", "m"], { env: own, cwd: folder.path });
    expect(here.exitCode).toBe(6);
    const dry = await runCli(["deploy", "--name", "m", "--dry-run"], { env: own, cwd: folder.path });
    expect(dry.exitCode).toBe(2);
    expect(dry.stderr).toContain("deploy.image: this folder has no image yet");
    expect(dry.stderr).toContain("kserve-ts deploy --build --tag registry.example.com/m:1");
  });

  it("a config that is wrong, with every line's path", async () => {
    await using folder = await folderWith({
      "kserve.config.yml": "deploy: { nmae: x, gpu: two }\ntargets: { prod: { namspace: y } }\n",
    });
    const { stderr, exitCode } = await runCli(["deploy", folder.path, "--dry-run"], { env });
    expect(exitCode).toBe(2);
    expect(stderr).toContain("kserve.config.yml: deploy.nmae means nothing here; did you mean name?");
    expect(stderr).toContain("kserve.config.yml: deploy.gpu: expected");
    expect(stderr).toContain(
      "kserve.config.yml: targets.prod.namspace means nothing here; did you mean namespace?",
    );
  });
});
