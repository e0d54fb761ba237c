import { afterAll, expect, it } from "vitest";
import { createDockerEngine } from "../../../builder/docker/index.ts";
import { runCli } from "../../cli/run-cli.ts";
import { dockerAt } from "../docker/engine.ts";
import { describeWithRig } from "../docker/with-rig.ts";
import { recordedWork, smallPlan } from "./small-plan.ts";

interface Shown {
  readonly foundIn: string;
  readonly id: string;
  readonly layers: readonly { readonly name?: string; readonly digest: string; readonly bytes: number }[];
}

describeWithRig("kserve-ts inspect of what Docker built", ({ dockerHost, openRegistry }) => {
  const name = `${openRegistry}/inspect/digits:${process.pid}`;
  const env = { DOCKER_HOST: dockerHost, DOCKER_CONFIG: "/nonexistent" };
  const engine = createDockerEngine({ env: { ...process.env, ...env } });
  const plan = smallPlan({
    server: { "/opt/kserve-ts/server.js": "1" },
    model: { "/mnt/models/model.onnx": Buffer.alloc(300_000, 7) },
    predictor: { "/app/predictor.js": "1" },
  });
  const show = async (...args: readonly string[]) => {
    const { stdout, stderr } = await runCli(["inspect", name, "-o", "json", ...args], { env });
    expect(stderr).toBe("");
    return JSON.parse(stdout) as Shown;
  };
  const ours = ({ layers }: Shown) => layers.slice(layers.findIndex((layer) => layer.name === "server"));
  afterAll(() => dockerAt(dockerHost).getImage(name).remove({ force: true }));

  it("looks in the engine first, and in the registry where it has it not or is not to be asked", async () => {
    const image = await engine.build(plan, name, recordedWork());
    const local = await show();
    expect(local).toMatchObject({ foundIn: `the Docker engine at ${dockerHost}`, id: image.id });
    expect(ours(local).map((layer) => layer.name)).toEqual(["server", "WORKDIR", "model", "predictor"]);
    expect(ours(local).find((layer) => layer.name === "model")?.bytes).toBe(300_000);
    const { RootFS: root } = await dockerAt(dockerHost).getImage(name).inspect();
    expect(local.layers.map(({ digest }) => digest)).toEqual(root.Layers);

    await engine.publish(image, recordedWork());
    const remote = await show("--local=false");
    expect(remote).toMatchObject({ foundIn: `the registry ${openRegistry}`, id: image.id });
    expect(ours(remote).map((layer) => layer.name)).toEqual(["server", "WORKDIR", "model", "predictor"]);
    const other = process.arch === "arm64" ? "linux/amd64" : "linux/arm64";
    const { stderr } = await runCli(["inspect", name, "--platform", other], { env });
    expect(stderr).toContain(`it has nothing for ${other}`);
  });
});
