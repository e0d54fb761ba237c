import { expect, it } from "vitest";
import { BASE } from "../docker/base-image.ts";
import { dockerAt } from "../docker/engine.ts";
import { REGISTRY_USER } from "../docker/registry.ts";
import { describeWithRig } from "../docker/with-rig.ts";

describeWithRig("the test rig", ({ dockerHost, openRegistry, authRegistry }) => {
  it("has an engine with the base image, whose Node is the one that is built for", async () => {
    const docker = dockerAt(dockerHost);
    const container = await docker.createContainer({ Image: BASE, Cmd: ["node", "--version"], Tty: true });
    try {
      await container.start();
      expect(await container.wait()).toMatchObject({ StatusCode: 0 });
      expect(String(await container.logs({ stdout: true }))).toMatch(/v24\./);
    } finally {
      await container.remove({ force: true });
    }
  });

  it("has a registry that anybody may use, and one that asks who it is", async () => {
    expect((await fetch(`http://${openRegistry}/v2/`)).status).toBe(200);
    expect((await fetch(`http://${authRegistry}/v2/`)).status).toBe(401);
    const { user, password } = REGISTRY_USER;
    const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
    expect((await fetch(`http://${authRegistry}/v2/`, { headers: { authorization } })).status).toBe(200);
  });
});
