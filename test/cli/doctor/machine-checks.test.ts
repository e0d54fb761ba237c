import { once } from "node:events";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MACHINE_CHECKS, type MachineSubject } from "../../../cli/doctor/machine-checks.ts";
import { layerDeployment } from "../../../deployer/config/layers.ts";
import { parseDeployFile } from "../../../deployer/config/parse.ts";
import { runChecks } from "../../../deployer/doctor/run-checks.ts";
import { registryBase } from "../../builder/oci/bases.ts";
import { MemoryRegistry } from "../../builder/registry/memory-registry.ts";
import { folderWith } from "../run-cli.ts";

/** What one check finds on a machine with these variables and this config file. */
async function finding(check: string, env: Record<string, string>, deploy?: object, isAskedFor = false) {
  const file = deploy === undefined ? undefined : parseDeployFile({ deploy }, "f");
  const subject: MachineSubject = {
    env,
    settings: file && layerDeployment({ file, folderName: "digits" }).settings,
    isAskedFor: () => isAskedFor,
  };
  const checks = MACHINE_CHECKS.filter(({ name }) => name === check);
  // As long as doctor gives each check.
  return (await runChecks(checks, subject, { timeoutMs: 2500 }))[0];
}

describe("the doctor's look at the image's registry", () => {
  const nobody = { DOCKER_CONFIG: "/nowhere" };

  it("finds the image, and says as whom it asked", async () => {
    await using folder = await folderWith({});
    await using registry = await MemoryRegistry.start();
    const { name } = await registryBase(folder.path, registry, "me/digits");
    expect(await finding("registry", nobody, { image: name })).toMatchObject({
      status: "ok",
      message: expect.stringMatching(
        / has 127\.0\.0\.1:\d+\/me\/digits:\S+ \(sha256:[0-9a-f]{12}\), asked without credentials$/,
      ) as string,
    });
    const auth = Buffer.from("me:s3cr3t").toString("base64");
    await using config = await folderWith({
      "config.json": JSON.stringify({ auths: { [registry.host]: { auth } } }),
    });
    const known = await finding("registry", { DOCKER_CONFIG: config.path }, { image: name });
    expect(known?.message).toMatch(/asked with the credentials of docker login$/);
  });

  it("warns of an image that is not there yet, and says how it gets there", async () => {
    await using registry = await MemoryRegistry.start();
    expect(await finding("registry", nobody, { image: `${registry.host}/me/digits:2` })).toMatchObject({
      status: "warn",
      message: `${registry.host} answers without credentials, and has no ${registry.host}/me/digits:2`,
      fix: "Build and push it: kserve-ts build --push.",
    });
  });

  it("fails where the registry does not let one in, and shows no password", async () => {
    await using registry = await MemoryRegistry.start();
    registry.hook = (_request, response) => {
      response.writeHead(401, { "www-authenticate": 'Basic realm="r"' }).end();
      return true;
    };
    const auth = Buffer.from("me:s3cr3t").toString("base64");
    await using config = await folderWith({
      "config.json": JSON.stringify({ auths: { [registry.host]: { auth } } }),
    });
    const found = await finding(
      "registry",
      { DOCKER_CONFIG: config.path },
      { image: `${registry.host}/me/digits:1` },
    );
    expect(found).toMatchObject({
      status: "fail",
      message: expect.stringMatching(/\(asked with the credentials of docker login\)$/) as string,
    });
    expect(found?.fix).not.toBe("");
    expect(JSON.stringify(found)).not.toMatch(/s3cr3t|bWU6czNjcjN0/);
  });

  it("warns of one of this machine that is not there: nodes pull nothing from it", async () => {
    const found = await finding("registry", nobody, { image: "127.0.0.1:1/me/digits:1" });
    expect(found).toMatchObject({
      status: "warn",
      message: expect.stringContaining("nodes of a cluster pull nothing from 127.0.0.1:1") as string,
    });
  });

  it("is skipped without an image", async () => {
    expect(await finding("registry", nobody)).toMatchObject({ status: "skipped" });
  });
});

describe("the doctor's look at Docker", () => {
  it("is for those who build with it", async () => {
    const sklearn = { predictor: "sklearn", model: "s3://models/b" };
    expect(await finding("docker", {}, sklearn)).toMatchObject({ status: "skipped" });
    expect(await finding("docker", {})).toMatchObject({ status: "skipped" });
  });

  it("warns where no engine answers, as images are built without one too", async () => {
    await using folder = await folderWith({});
    const env = { DOCKER_HOST: `unix://${join(folder.path, "none.sock")}` };
    const found = await finding("docker", env, { image: "a/b:1" });
    expect(found).toMatchObject({ status: "warn", message: expect.stringContaining("none.sock") as string });
    expect(found?.fix).not.toBe("");
    expect(await finding("docker", env, undefined, true)).toMatchObject({ status: "warn" });
  });

  it("says which engine answers", async () => {
    const engine = createServer((request, response) => {
      response.setHeader("api-version", "1.47");
      response.end(request.url?.endsWith("/version") ? '{"Version":"28.2.2","ApiVersion":"1.47"}' : "OK");
    });
    await using host = await listening(engine);
    expect(await finding("docker", { DOCKER_HOST: host.url }, { image: "a/b:1" })).toMatchObject({
      status: "ok",
      message: "Docker 28.2.2 answers",
    });
  });
});

async function listening(server: Server): Promise<AsyncDisposable & { readonly url: string }> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
