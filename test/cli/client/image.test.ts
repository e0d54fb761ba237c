import { join } from "node:path";
import { expect, it } from "vitest";
import { createOciEngine } from "../../../builder/oci/index.ts";
import { registryBase } from "../../builder/oci/bases.ts";
import { planOf, scratch, work } from "../../builder/oci/plans.ts";
import { MemoryRegistry } from "../../builder/registry/memory-registry.ts";
import { runCli } from "../run-cli.ts";

const SIGNATURE = {
  inputs: [{ name: "x", datatype: "FP32", shape: [-1, 64] }],
  outputs: [{ name: "y", datatype: "BOOL", shape: [-1] }],
};

/** An image in a registry, with labels of ours. */
async function published(folder: string, registry: MemoryRegistry, labels: Record<string, string>) {
  const base = await registryBase(folder, registry);
  const name = `${registry.host}/me/digits:1`;
  const engine = createOciEngine({ storeFolder: join(folder, "store") });
  const plan = await planOf({ base: base.name, labels }, { model: { "/mnt/models/model.onnx": "weights" } });
  await engine.publish(await engine.build(plan, name, work()), work());
  return name;
}

it("kserve-ts client --image reads an image's labels, without running it", async () => {
  await using folder = await scratch();
  await using registry = await MemoryRegistry.start();
  const name = await published(folder.path, registry, {
    "io.kserve-ts.model-name": "digits",
    "io.kserve-ts.signature": JSON.stringify(SIGNATURE),
  });
  const { stdout, stderr, exitCode } = await runCli(["client", "--image", name]);
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  expect(stdout).toContain('  readonly x: Tensor<"FP32">;');
  expect(stdout).toContain("export type DigitsPrediction = boolean;");
});

it("kserve-ts client --image would run an image whose labels do not say it", async () => {
  await using folder = await scratch();
  await using registry = await MemoryRegistry.start();
  const name = await published(folder.path, registry, { "io.kserve-ts.model-name": "digits" });
  const env = { DOCKER_HOST: `unix://${folder.path}/none.sock` };
  const { stderr, exitCode } = await runCli(["client", "--image", name], { env });
  expect(stderr).toContain("none.sock");
  expect(exitCode).toBe(6);
});
