import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

test("the model would be deployed to staging, for KServe's runtime of scikit-learn", async () => {
  const command = ["deploy", "--dry-run", "--target", "staging", "-o", "json"];
  const bin = new URL("../node_modules/kserve-ts/dist/kserve-ts.js", import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, [bin, ...command]);
  const { storageUri, files, manifests } = JSON.parse(stdout) as {
    storageUri: string;
    files: { path: string }[];
    manifests: { kind: string; spec: { predictor: { model: unknown } } }[];
  };
  const service = manifests.find(({ kind }) => kind === "InferenceService");
  assert.match(storageUri, /^s3:\/\/models\/staging\//);
  assert.deepEqual(
    files.map(({ path }) => path),
    ["model.joblib"],
  );
  assert.partialDeepStrictEqual(service?.spec.predictor.model, {
    modelFormat: { name: "sklearn" },
    storageUri,
  });
});
