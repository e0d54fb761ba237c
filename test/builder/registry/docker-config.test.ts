import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dockerConfigCredentials } from "../../../builder/registry/docker-config.ts";

const never = new AbortController().signal;
const base64 = (text: string) => Buffer.from(text).toString("base64");

/** A folder with a Docker configuration and helpers of the given shell scripts. */
async function dockerFolder(config: unknown, helpers: Readonly<Record<string, string>> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "kserve-ts-docker-config-"));
  await writeFile(join(folder, "config.json"), typeof config === "string" ? config : JSON.stringify(config));
  await mkdir(join(folder, "bin"));
  for (const [name, script] of Object.entries(helpers)) {
    const path = join(folder, "bin", `docker-credential-${name}`);
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
  }
  const env = { DOCKER_CONFIG: folder, PATH: `${join(folder, "bin")}:${process.env["PATH"]}` };
  return {
    folder,
    ask: (registry: string, signal = never) => dockerConfigCredentials(env)(registry, signal),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

const echo = (username: string, secret: string) =>
  `read server; printf '{"ServerURL":"%s","Username":"${username}","Secret":"${secret}"}' "$server"`;

describe("credentials in the file", () => {
  it("reads user and password, with colons in the password", async () => {
    await using docker = await dockerFolder({ auths: { "ghcr.io": { auth: base64("me:a:b") } } });
    expect(await docker.ask("ghcr.io")).toEqual({ kind: "password", username: "me", password: "a:b" });
    expect(await docker.ask("quay.io")).toBeUndefined();
  });

  it("finds Docker Hub under its old address", async () => {
    await using docker = await dockerFolder({
      auths: { "https://index.docker.io/v1/": { auth: base64("hub:pw") } },
    });
    expect(await docker.ask("docker.io")).toMatchObject({ username: "hub" });
  });

  it("finds a registry whose key has a scheme and a path, and keeps ports apart", async () => {
    await using docker = await dockerFolder({
      auths: {
        "https://localhost:5000/v2/": { auth: base64("a:b") },
        "localhost:5001": { auth: base64("c:d") },
      },
    });
    expect(await docker.ask("localhost:5000")).toMatchObject({ username: "a" });
    expect(await docker.ask("localhost:5001")).toMatchObject({ username: "c" });
    expect(await docker.ask("localhost")).toBeUndefined();
  });

  it("prefers an identity token", async () => {
    await using docker = await dockerFolder({
      auths: { "acr.io": { auth: base64("00000000:"), identitytoken: "refresh" } },
    });
    expect(await docker.ask("acr.io")).toEqual({ kind: "identity-token", token: "refresh" });
  });

  it("takes an entry without a secret, as docker login with a helper leaves it, for none", async () => {
    await using docker = await dockerFolder({ auths: { "ghcr.io": {} } });
    expect(await docker.ask("ghcr.io")).toBeUndefined();
  });

  it("names the entry that cannot be read, without its secret", async () => {
    await using docker = await dockerFolder({ auths: { "ghcr.io": { auth: base64("secret") } } });
    const failure = docker.ask("ghcr.io");
    await expect(failure).rejects.toMatchObject({
      code: "KTS_CONFIG_INVALID",
      path: 'auths["ghcr.io"].auth',
    });
    await expect(failure).rejects.not.toThrow(/secret|c2VjcmV0/);
  });

  it("says that the file is no JSON without quoting it", async () => {
    await using docker = await dockerFolder('{"auths": {"ghcr.io": {"auth": "topsecret"');
    await expect(docker.ask("ghcr.io")).rejects.toThrow(`${docker.folder}/config.json is no JSON`);
  });

  it("knows none where there is no file", async () => {
    const none = dockerConfigCredentials({ DOCKER_CONFIG: "/nonexistent" });
    expect(await none("ghcr.io", never)).toBeUndefined();
  });

  it("takes DOCKER_AUTH_CONFIG in place of the file", async () => {
    const inline = JSON.stringify({ auths: { "ghcr.io": { auth: base64("ci:job") } } });
    const find = dockerConfigCredentials({ DOCKER_CONFIG: "/nonexistent", DOCKER_AUTH_CONFIG: inline });
    expect(await find("ghcr.io", never)).toEqual({ kind: "password", username: "ci", password: "job" });
  });
});

describe("credentials of a helper", () => {
  it("asks the registry's own helper before the one for all", async () => {
    await using docker = await dockerFolder(
      { credsStore: "all", credHelpers: { "gcr.io": "gcr" } },
      { all: echo("everyone", "s1"), gcr: echo("_token", "s2") },
    );
    expect(await docker.ask("gcr.io")).toMatchObject({ username: "_token", password: "s2" });
    expect(await docker.ask("quay.io")).toMatchObject({ username: "everyone", password: "s1" });
  });

  it("is told Docker Hub's old address", async () => {
    const onlyHub = `read server; [ "$server" = https://index.docker.io/v1/ ] && printf '{"Username":"hub","Secret":"x"}'`;
    await using docker = await dockerFolder({ credsStore: "hub" }, { hub: onlyHub });
    expect(await docker.ask("docker.io")).toMatchObject({ username: "hub" });
  });

  it("gives a token where the user is <token>", async () => {
    await using docker = await dockerFolder({ credsStore: "t" }, { t: echo("<token>", "refresh") });
    expect(await docker.ask("acr.io")).toEqual({ kind: "identity-token", token: "refresh" });
  });

  it("falls back to the file when it knows none", async () => {
    await using docker = await dockerFolder(
      { credsStore: "empty", auths: { "ghcr.io": { auth: base64("me:pw") } } },
      { empty: "echo credentials not found in native keychain; exit 1" },
    );
    expect(await docker.ask("ghcr.io")).toMatchObject({ username: "me" });
    expect(await docker.ask("quay.io")).toBeUndefined();
  });

  it("is named when it is not on PATH", async () => {
    await using docker = await dockerFolder({ credsStore: "missing" });
    await expect(docker.ask("ghcr.io")).rejects.toMatchObject({
      code: "KTS_REGISTRY_DENIED",
      message: "docker-credential-missing is not on PATH, but Docker's configuration names it",
    });
  });

  it("is named with what it said when it fails", async () => {
    await using docker = await dockerFolder(
      { credsStore: "bad" },
      { bad: "echo the key ring is locked; exit 1" },
    );
    await expect(docker.ask("ghcr.io")).rejects.toThrow(
      "docker-credential-bad failed: the key ring is locked",
    );
  });

  it("is named when it answers no JSON", async () => {
    await using docker = await dockerFolder({ credsStore: "odd" }, { odd: "echo hello" });
    await expect(docker.ask("ghcr.io")).rejects.toThrow("docker-credential-odd answered no JSON");
  });

  it("may not be a path", async () => {
    await using docker = await dockerFolder({ credsStore: "../../bin/sh" });
    await expect(docker.ask("ghcr.io")).rejects.toMatchObject({ code: "KTS_CONFIG_INVALID" });
  });

  it("is stopped by the signal", async () => {
    await using docker = await dockerFolder({ credsStore: "slow" }, { slow: "exec sleep 60" });
    const abort = new AbortController();
    const asked = docker.ask("ghcr.io", abort.signal);
    abort.abort();
    await expect(asked).rejects.toMatchObject({ code: "KTS_CANCELLED" });
  });
});
