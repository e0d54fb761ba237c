import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { createDockerEngine } from "../../../builder/docker/index.ts";
import { dockerAt } from "../docker/engine.ts";
import { REGISTRY_USER } from "../docker/registry.ts";
import { describeWithRig } from "../docker/with-rig.ts";
import { recordedWork, smallPlan } from "./small-plan.ts";

describeWithRig("a push with Docker", ({ dockerHost, openRegistry, authRegistry }) => {
  const env = { ...process.env, DOCKER_HOST: dockerHost, DOCKER_CONFIG: "/nonexistent" };
  const files = (code: string) => ({ predictor: { "/app/predictor.js": code } });
  const used: string[] = [];
  const build = async (name: string, code = "1") => {
    used.push(name);
    return createDockerEngine({ env }).build(smallPlan(files(code)), name, recordedWork());
  };
  afterAll(async () => {
    for (const name of used) {
      await dockerAt(dockerHost)
        .getImage(name)
        .remove({ force: true })
        .catch(() => undefined);
    }
  });

  it("gives the digest that the registry has, and sends only what is new the second time", async () => {
    const engine = createDockerEngine({ env });
    const name = `${openRegistry}/push:1`;
    const published = await engine.publish(await build(name), recordedWork());
    expect(published.reference).toBe(`${openRegistry}/push@${published.digest}`);
    const accept = "application/vnd.docker.distribution.manifest.v2+json";
    const answer = await fetch(`http://${openRegistry}/v2/push/manifests/1`, { headers: { accept } });
    expect(answer.headers.get("docker-content-digest")).toBe(published.digest);
    const again = await engine.publish(await build(name, "2 // code"), recordedWork());
    expect(again.digest).not.toBe(published.digest);
    expect(again.sentBytes).toBeLessThan(200_000);
  });

  it("is denied without credentials, and works with those of a credential helper", async () => {
    const name = `${authRegistry}/push:1`;
    const image = await build(name);
    await expect(createDockerEngine({ env }).publish(image, recordedWork())).rejects.toMatchObject({
      code: "KTS_REGISTRY_DENIED",
    });
    const folder = await mkdtemp(join(tmpdir(), "kserve-ts-docker-config-"));
    try {
      const { user, password } = REGISTRY_USER;
      const answer = JSON.stringify({ ServerURL: authRegistry, Username: user, Secret: password });
      await writeFile(join(folder, "docker-credential-tests"), `#!/bin/sh\necho '${answer}'\n`);
      await chmod(join(folder, "docker-credential-tests"), 0o755);
      await writeFile(join(folder, "config.json"), '{"credsStore":"tests"}');
      const path = `${folder}:${process.env["PATH"]}`;
      const engine = createDockerEngine({ env: { ...env, DOCKER_CONFIG: folder, PATH: path } });
      expect((await engine.publish(image, recordedWork())).digest).toMatch(/^sha256:/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("is denied with a wrong password that was given explicitly", async () => {
    const image = await build(`${authRegistry}/push:2`);
    const engine = createDockerEngine({
      env,
      credentialsFor: async () => ({ kind: "password", username: REGISTRY_USER.user, password: "wrong" }),
    });
    const failure = engine.publish(image, recordedWork());
    await expect(failure).rejects.toMatchObject({ code: "KTS_REGISTRY_DENIED" });
    await expect(failure).rejects.not.toThrow("wrong");
  });

  it("tells a registry that does not answer, after it has tried again", async () => {
    const image = await build("127.0.0.1:9/push:1");
    const work = recordedWork();
    await expect(createDockerEngine({ env }).publish(image, work)).rejects.toMatchObject({
      code: "KTS_REGISTRY_UNREACHABLE",
    });
    const retries = work.events.filter(
      (event) => event.kind === "output" && /trying again in/.test(event.line),
    );
    expect(retries).toHaveLength(2);
  });

  it("tells an image that is not there", async () => {
    const image = { ...(await build(`${openRegistry}/gone:1`)), reference: `${openRegistry}/never-built:1` };
    const failure = createDockerEngine({ env }).publish(image, recordedWork());
    await expect(failure).rejects.toMatchObject({ code: "KTS_IMAGE_NOT_FOUND" });
  });
});
