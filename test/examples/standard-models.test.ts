import { readFileSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readZipDirectory } from "../../deployer/artifacts/zip/zip-reader.ts";
import type { ByteSource } from "../../deployer/artifacts/readers/byte-reader.ts";
import { packageModel } from "../../deployer/index.ts";
import { ROOT, runCli } from "../cli/run-cli.ts";
import { crdProblems } from "../deployer/crd-schema.ts";

/** The examples of KServe's own runtimes: what is uploaded, and the fixture whose answers somebody else computed. */
const STANDARD = [
  {
    example: "mnist-tensorflow",
    format: "tensorflow",
    fixture: "digits-tensorflow",
    files: [
      "1/fingerprint.pb",
      "1/saved_model.pb",
      "1/variables/variables.data-00000-of-00001",
      "1/variables/variables.index",
    ],
  },
  {
    example: "mnist-pytorch",
    format: "pytorch",
    fixture: "digits-pytorch",
    files: ["config/config.properties", "model-store/mnist-pytorch.mar"],
  },
  { example: "iris-sklearn", format: "sklearn", fixture: "iris-sklearn", files: ["model.joblib"] },
  { example: "iris-xgboost", format: "xgboost", fixture: "iris-xgboost", files: ["model.json"] },
];

const folderOf = (example: string) => join(ROOT, "examples", example);
const offline = { env: { KUBECONFIG: "/nowhere/kubeconfig" } };
const json = async (path: string) => JSON.parse(await readFile(path, "utf8")) as unknown;

/** The section `deploy` of an example's config file. */
function deploySection(example: string) {
  const text = readFileSync(join(folderOf(example), "kserve.config.yaml"), "utf8");
  return (
    parse(text) as { deploy: { torchServe: Record<"handler" | "modelClass" | "requirementsFile", string> } }
  ).deploy;
}

/** The schema of KServe's CRD takes seconds to compile. */
const TIMEOUT_MS = 120_000;

describe.each(STANDARD)(
  "examples/$example",
  { timeout: TIMEOUT_MS },
  ({ example, format, fixture, files }) => {
    it("renders a manifest that KServe takes, without a cluster", async () => {
      const { stdout, exitCode } = await runCli(
        ["deploy", folderOf(example), "--dry-run", "-o", "yaml"],
        offline,
      );
      expect(exitCode).toBe(0);
      const manifest = parse(stdout) as { spec: { predictor: { model: Record<string, unknown> } } };
      expect((await crdProblems("0.20.0"))(manifest)).toEqual([]);
      expect(manifest).toMatchObject({
        kind: "InferenceService",
        metadata: { name: example, namespace: "models" },
        spec: { predictor: { model: { modelFormat: { name: format } } } },
      });
      expect(manifest.spec.predictor.model["storageUri"]).toMatch(
        new RegExp(`^s3://models/${example}/[0-9a-f]{12}$`),
      );
    });

    it("uploads what its runtime takes", async () => {
      const { stdout, exitCode } = await runCli(["deploy", folderOf(example), "--dry-run"], offline);
      expect(exitCode).toBe(0);
      const listed = [...stdout.matchAll(/^ {2}(\S+) +[\d.]+ (?:B|kB) /gm)].map(([, path]) => path);
      expect(listed).toEqual(files);
    });

    it("has requests whose answers the model's own library gave", async () => {
      const known = (await json(join(ROOT, `test/fixtures/models/${fixture}/examples.json`))) as {
        readonly v1Request: unknown;
        readonly v1Response: unknown;
      }[];
      const names = (await readdir(join(folderOf(example), "examples"))).filter(
        (name) => !name.includes(".expected."),
      );
      expect(names.length).toBeGreaterThan(1);
      for (const name of names) {
        const path = join(folderOf(example), "examples", name);
        const request = await json(path);
        const same = known.find(({ v1Request }) => JSON.stringify(v1Request) === JSON.stringify(request));
        expect(await json(path.replace(/json$/, "expected.json"))).toEqual(same?.v1Response);
      }
    });
  },
);

describe("examples/mnist-pytorch", () => {
  it("takes the three request bodies of the digits", async () => {
    const names = await readdir(join(folderOf("mnist-pytorch"), "examples"));
    expect(names.filter((name) => !name.includes(".expected."))).toEqual([
      "one-1x28x28.json",
      "two-28x28.json",
      "two-png.json",
    ]);
  });

  it("packs weights, model class, handler and requirements", async () => {
    const source = join(ROOT, "test/fixtures/models/digits-pytorch/source");
    const { torchServe } = deploySection("mnist-pytorch");
    const { files } = await packageModel({
      path: join(source, "model.pt"),
      modelName: "mnist-pytorch",
      format: "pytorch",
      kserveVersion: "v0.20.0",
      torchServe: {
        handler: join(folderOf("mnist-pytorch"), torchServe.handler),
        modelFile: join(folderOf("mnist-pytorch"), torchServe.modelClass),
        requirementsFile: join(folderOf("mnist-pytorch"), torchServe.requirementsFile),
      },
    });
    const archive = files.find(({ path }) => path.endsWith(".mar"));
    const bytes = await buffer(archive?.content.read() ?? []);
    const zip: ByteSource = {
      sizeBytes: bytes.length,
      readAt: (offset, length) => bytes.subarray(offset, offset + length),
    };
    expect(
      readZipDirectory(zip)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(["MAR-INF/MANIFEST.json", "handler.py", "model.py", "model.pt", "requirements.txt"].sort());
  });
});
