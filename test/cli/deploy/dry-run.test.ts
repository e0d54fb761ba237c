import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { type Ended, folderWith, runCli } from "../run-cli.ts";

const IMAGE = `registry.example.com/digits@sha256:${"0".repeat(64)}`;
const MODELS = "test/fixtures/models";
const STORE = ["--store", "s3://models/team"];

/** `deploy --dry-run`, where no cluster is named. */
function dryRun(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return runCli(["deploy", "--dry-run", ...args], { env: { KUBECONFIG: "/nowhere/kubeconfig", ...env } });
}

interface Service {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly predictor: Readonly<Record<string, unknown>> };
}

function serviceIn(yaml: string): Service {
  const documents = parseAllDocuments(yaml).map((document) => document.toJS() as Service);
  return documents.at(-1) as Service;
}

describe("deploy --dry-run", () => {
  it.each([
    ["tensorflow", "digits-tensorflow/model", "tensorflow"],
    ["sklearn", "iris-sklearn/model", "sklearn"],
    ["xgboost", "iris-xgboost/model-json", "xgboost"],
    ["onnx", "iris-onnx/model", "onnx"],
    ["lightgbm", "lightgbm-iris/model", "lightgbm"],
    ["triton", "iris-onnx/model-triton", "triton"],
  ])("of %s prints where its files would go and who serves them", async (kind, path, format) => {
    const args = ["--name", "m", "-p", kind, "-m", `${MODELS}/${path}`, ...STORE];
    const [table, yaml] = await Promise.all([dryRun(args), dryRun([...args, "-o", "yaml"])]);
    expect([table.exitCode, yaml.exitCode]).toEqual([0, 0]);
    const [, uri] = /^Would upload .+ to (\S+):$/m.exec(table.stdout) ?? [];
    expect(uri).toMatch(/^s3:\/\/models\/team\/m\/[0-9a-f]{12}$/);
    expect(table.stdout).toContain("InferenceService  m  default");
    expect(serviceIn(yaml.stdout).spec.predictor["model"]).toMatchObject({
      modelFormat: { name: format },
      storageUri: uri,
    });
    expect(yaml.stderr).toContain("The cluster was not asked");
  });

  it("lists the archive that TorchServe gets, which is made", async () => {
    const args = [
      "--name",
      "m",
      "-p",
      "pytorch",
      "-m",
      `${MODELS}/digits-pytorch/model`,
      ...STORE,
      "-o",
      "json",
    ];
    const { stdout, exitCode } = await dryRun(args);
    expect(exitCode).toBe(0);
    const { files, manifests } = JSON.parse(stdout) as {
      files: { path: string; sizeBytes: number; sha256: string }[];
      manifests: Service[];
    };
    expect(files.map(({ path }) => path)).toEqual(
      expect.arrayContaining(["config/config.properties", expect.stringMatching(/^model-store\/.+\.mar$/)]),
    );
    expect(manifests.map(({ kind }) => kind)).toEqual(["InferenceService"]);
  });

  it("of an image has it by its digest, with what the flags say over the file", async () => {
    await using folder = await folderWith({
      "kserve.config.yaml": `
deploy: { name: digits, minReplicas: 1, maxReplicas: 3, labels: { team: ml } }
targets: { prod: { namespace: live, deploymentMode: Standard } }`,
    });
    const { stdout, exitCode } = await dryRun([
      folder.path,
      ...["--image", IMAGE, "--max-replicas", "5", "--cpu", "250m", "--memory", "256Mi"],
      ...["-e", "MODE=fast", "--set", "labels[example.com/tier]=1", "--set", "scaleTarget=70", "-o", "yaml"],
    ]);
    expect(exitCode).toBe(0);
    const service = serviceIn(stdout);
    expect(service.metadata).toMatchObject({
      name: "digits",
      namespace: "live",
      labels: { team: "ml", "example.com/tier": "1" },
    });
    expect(service.spec.predictor).toMatchObject({ minReplicas: 1, maxReplicas: 5, scaleTarget: 70 });
    const [container] = service.spec.predictor["containers"] as Readonly<Record<string, unknown>>[];
    expect(container).toMatchObject({
      image: IMAGE,
      resources: { requests: { cpu: "250m", memory: "256Mi" }, limits: { cpu: "250m", memory: "256Mi" } },
      env: expect.arrayContaining([{ name: "MODE", value: "fast" }]) as unknown,
    });
  });

  it("reads a config of TypeScript, with paths beside it and a target of its own", async () => {
    await using folder = await folderWith({
      "kserve.config.ts": `
        import { defineConfig } from "kserve-ts";
        const keys = { aws_access_key_id: "AKIAEXAMPLE", aws_secret_access_key: "@secret.txt" };
        export default defineConfig({
          deploy: { name: "digits", model: "./weights" },
          targets: { prod: { store: "s3://models", secret: keys }, dev: { namespace: "dev" } },
        });`,
      "secret.txt": "s3cr3t-value\n",
      "weights/a.bin": "weights",
    });
    const config = join(folder.path, "kserve.config.ts");
    const args = ["--config", config, "--target", "prod", "--image", IMAGE];
    const results = await Promise.all(
      ["table", "yaml", "json"].map((format) => dryRun([...args, "-o", format])),
    );
    for (const { stdout, stderr, exitCode } of results) {
      expect(exitCode).toBe(0);
      expect(stdout + stderr).not.toMatch(/s3cr3t|AKIAEXAMPLE|czNjcjN0/);
    }
    const [table, yaml] = results as [Ended, Ended, Ended];
    expect(table.stdout).toMatch(/^ {2}a\.bin +7 B +.*weights\/a\.bin$/m);
    expect(yaml.stdout).toContain("kind: Secret");
    expect(yaml.stdout).toContain("(hidden)");
    expect(yaml.stdout).toMatch(/STORAGE_URI\n +value: s3:\/\/models\/digits\/[0-9a-f]{12}/);
  });

  it("takes what the environment says over the file, and a flag over both", async () => {
    const env = {
      KSERVE_TS_DEPLOY_NAME: "from-env",
      KSERVE_TS_DEPLOY_NAMESPACE: "env",
      KSERVE_TS_DEPLOY_REPLICAS: "2",
    };
    const { stdout } = await dryRun(["--image", IMAGE, "-n", "flag", "-o", "yaml"], env);
    const service = serviceIn(stdout);
    expect(service.metadata).toMatchObject({ name: "from-env", namespace: "flag" });
    expect(service.spec.predictor).toMatchObject({ minReplicas: 2, maxReplicas: 2 });
  });

  it("prints graphs after the service, or alone where nothing says anything of one", async () => {
    const graphs = "graphs: { pipe: { nodes: { root: { sequence: [clean, digits] } } } }\n";
    await using alone = await folderWith({ "kserve.config.yaml": graphs });
    await using both = await folderWith({ "kserve.config.yaml": `deploy: { name: digits }\n${graphs}` });
    const args = ["--image", IMAGE, "-n", "ml"];
    const results = await Promise.all([dryRun([alone.path, "-n", "ml"]), dryRun([both.path, ...args])]);
    expect(results.map(({ stdout }) => stdout)).toEqual([
      "Would apply:\n  InferenceGraph  pipe  ml\n",
      "Would apply:\n  InferenceService  digits  ml\n  InferenceGraph    pipe    ml\n",
    ]);
  });
});
