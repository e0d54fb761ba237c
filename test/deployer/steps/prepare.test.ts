import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { DeployConfig } from "../../../contract/deploy-config.ts";
import type { KubeObject } from "../../../deployer/cluster/cluster.ts";
import { layerDeployment } from "../../../deployer/config/layers.ts";
import { parseDeployFile } from "../../../deployer/config/parse.ts";
import { SHIPPED_FACTS } from "../../../deployer/steps/plan.ts";
import { type Prepared, prepareDeployment } from "../../../deployer/steps/prepare.ts";
import { folderWith } from "../../cli/run-cli.ts";

const IRIS = new URL("../../fixtures/models/iris-sklearn/model", import.meta.url).pathname;

function prepare(deploy: DeployConfig, live?: KubeObject, store = "s3://models/team/"): Promise<Prepared> {
  const file = parseDeployFile({ deploy, targets: { here: { store } } }, "f");
  const deployment = layerDeployment({ file, folderName: "m" });
  return prepareDeployment({ deployment, namespace: "ml", facts: SHIPPED_FACTS, live });
}

function running(storageUri: string, ready: string): KubeObject {
  return {
    apiVersion: "serving.kserve.io/v1beta1",
    kind: "InferenceService",
    metadata: { name: "m", namespace: "ml" },
    spec: { predictor: { model: { modelFormat: { name: "sklearn" }, storageUri } } },
    status: { conditions: [{ type: "Ready", status: ready }] },
  };
}

describe("preparing a deployment", () => {
  it("knows where a model will lie before it is uploaded, and by its content", async () => {
    const { plan, packaged, isLoaded } = await prepare({ predictor: "sklearn", model: IRIS });
    const hash = packaged?.contentHash.slice("sha256:".length);
    expect(plan.model).toEqual({
      storageUri: `s3://models/team/m/${hash?.slice(0, 12)}`,
      contentHash: packaged?.contentHash,
    });
    expect(isLoaded).toBe(false);
  });

  it("warns of a model in sentences that name the file", async () => {
    const { warnings } = await prepare({ predictor: "sklearn", model: IRIS });
    expect(warnings[0]).toMatch(
      /model\.joblib is a pickle: .* with the rights of the server\. Deploy pickles from sources you trust/,
    );
  });

  it("need not look for files that what is ready has loaded", async () => {
    const config = { predictor: "sklearn", model: IRIS } as const;
    const uri = (await prepare(config)).plan.model?.storageUri as string;
    expect((await prepare(config, running(uri, "True"))).isLoaded).toBe(true);
    expect((await prepare(config, running(uri, "False"))).isLoaded).toBe(false);
    expect((await prepare(config, running(`${uri}0`, "True"))).isLoaded).toBe(false);
  });

  it("takes a custom predictor's files as they are", async () => {
    await using folder = await folderWith({ "a.bin": "a", "b/c.txt": "c" });
    const { packaged, manifests } = await prepare({ image: "localhost/m:1", model: folder.path });
    expect(packaged?.files.map(({ path }) => path)).toEqual(["a.bin", "b/c.txt"]);
    expect(JSON.stringify(manifests)).toContain(`s3://models/team/m/${packaged?.contentHash.slice(7, 19)}`);
  });

  it("reads a credential's file, and shows its value to nobody", async () => {
    await using folder = await folderWith({});
    const path = join(folder.path, "key");
    await writeFile(path, "s3cr3t\n");
    const secret = { aws_access_key_id: "id", aws_secret_access_key: `@${path}` };
    const prepared = await prepare({ image: "localhost/m:1", model: "s3://models/m", secret });
    expect(prepared.plan.secretValues?.["aws_secret_access_key"]?.reveal()).toBe("s3cr3t");
    expect(JSON.stringify(prepared)).not.toContain("s3cr3t");
    const missing = { ...secret, aws_secret_access_key: "@/nowhere/key" };
    await expect(prepare({ image: "localhost/m:1", secret: missing })).rejects.toThrow(
      "deploy.secret: @/nowhere/key cannot be read",
    );
  });

  it("refuses what what runs cannot become", async () => {
    const live = { ...running("s3://models/m", "True"), status: { deploymentMode: "Serverless" } };
    await expect(prepare({ predictor: "sklearn", model: "s3://models/m" }, live)).rejects.toThrow(
      "deploymentMode: expected Knative, which m runs in, got Standard",
    );
  });
});
