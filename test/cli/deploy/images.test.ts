import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { digestOf } from "../../../builder/registry/digest.ts";
import { pinImage } from "../../../cli/deploy/pin-image.ts";
import { layoutBase, registryBase } from "../../builder/oci/bases.ts";
import { MemoryRegistry } from "../../builder/registry/memory-registry.ts";
import { folderWith, runCli } from "../run-cli.ts";

const DIGEST = `sha256:${"0".repeat(64)}`;

describe("the image of a deployment", () => {
  const { signal } = new AbortController();

  it("is named by the digest that its registry has for the tag", async () => {
    await using folder = await folderWith({});
    await using registry = await MemoryRegistry.start();
    const { name, manifest } = await registryBase(folder.path, registry, "me/digits");
    const env = { DOCKER_CONFIG: folder.path };
    const [repository = ""] = name.split(/:(?=[^:/]*$)/);
    expect(await pinImage(name, env, [], signal)).toEqual({ image: `${repository}@${digestOf(manifest)}` });
  });

  it("keeps a digest, and a tag that no registry can be asked for", async () => {
    const env = { DOCKER_CONFIG: "/nowhere" };
    const pinned = `registry.example.com/digits@${DIGEST}`;
    expect(await pinImage(pinned, env, [], signal)).toEqual({ image: pinned });
    expect(await pinImage("localhost/digits:1", env, [], signal)).toEqual({
      image: "localhost/digits:1",
      warning: "localhost/digits:1 is in no registry: every node that runs it must have it already.",
    });
    const away = await pinImage("127.0.0.1:1/digits:1", env, [], signal);
    expect(away.image).toBe("127.0.0.1:1/digits:1");
    expect(away.warning).toMatch(/^127\.0\.0\.1:1\/digits:1 is deployed by its tag, not its digest: /);
  });

  it("is not deployed where the registry says that there is none", async () => {
    await using registry = await MemoryRegistry.start();
    const image = `${registry.host}/me/digits:2`;
    await expect(pinImage(image, { DOCKER_CONFIG: "/nowhere" }, [], signal)).rejects.toMatchObject({
      code: "KTS_IMAGE_NOT_FOUND",
    });
  });

  it("is the one that was last pushed from the folder", async () => {
    await using folder = await folderWith({
      "predictor.ts": "export const predict = (_model: unknown, x: unknown) => x;",
    });
    await using registry = await MemoryRegistry.start();
    const base = await layoutBase(join(folder.path, ".cache"));
    const env = {
      KSERVE_TS_CACHE_DIR: join(folder.path, ".cache"),
      KUBECONFIG: "/nowhere",
      DOCKER_CONFIG: folder.path,
    };
    const tag = `${registry.host}/me/echo:1`;
    const build = ["build", folder.path, "--engine", "oci", "--tag", tag, "--base", base];
    const deploy = ["deploy", folder.path, "--name", "m", "--dry-run", "-o", "yaml"];
    await runCli(build, { env });
    const notPushed = await runCli(deploy, { env });
    expect(notPushed.stderr).toContain(`${folder.path} was built, but not pushed`);
    expect(notPushed.stderr).toContain(`--build --tag ${tag}`);
    const pushed = await runCli([...build, "--push"], { env });
    const [, reference] = /^Pushed (\S+@sha256:[0-9a-f]{64})$/m.exec(pushed.stdout) ?? [];
    const { stdout } = await runCli(deploy, { env });
    expect(stdout).toContain(`image: ${reference}\n`);
  }, 60_000);
});
