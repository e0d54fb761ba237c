import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findEndpoint } from "../../../builder/docker/endpoint.ts";

const PEMS = { "ca.pem": "CA", "cert.pem": "CERT", "key.pem": "KEY" };

async function writeAll(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
}

describe("findEndpoint", () => {
  let folder: string;
  const config = () => join(folder, "config");
  const context = async (name: string, host: string, hasTls: boolean) => {
    const id = createHash("sha256").update(name).digest("hex");
    const meta = { Name: name, Endpoints: { docker: { Host: host } } };
    await writeAll(join(config(), "contexts/meta", id), { "meta.json": JSON.stringify(meta) });
    if (hasTls) await writeAll(join(config(), "contexts/tls", id, "docker"), PEMS);
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kserve-ts-endpoint-"));
    await writeAll(config(), { "config.json": JSON.stringify({ currentContext: "far" }) });
    await writeAll(join(folder, "certificates"), PEMS);
    await context("far", "tcp://far.example.com:2376", true);
    await context("desktop", "unix:///run/desktop.sock", false);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("takes DOCKER_HOST before any context", async () => {
    const env = { DOCKER_HOST: "unix:///run/mine.sock", DOCKER_CONTEXT: "desktop", DOCKER_CONFIG: config() };
    expect(await findEndpoint(env)).toEqual({
      url: "unix:///run/mine.sock",
      source: "DOCKER_HOST",
      options: { socketPath: "/run/mine.sock" },
    });
  });

  it.each([
    ["tcp://10.0.0.1:4000", { protocol: "http", host: "10.0.0.1", port: 4000 }],
    ["tcp://10.0.0.1", { protocol: "http", host: "10.0.0.1", port: 2375 }],
    ["10.0.0.1:4000", { protocol: "http", host: "10.0.0.1", port: 4000 }],
    ["https://engine.example.com", { protocol: "https", host: "engine.example.com", port: 2376 }],
    ["unix://", { socketPath: "/var/run/docker.sock" }],
  ])("reads %s", async (host, options) => {
    expect((await findEndpoint({ DOCKER_HOST: host })).options).toEqual(options);
  });

  it("reads who to be from ssh://", async () => {
    const { options } = await findEndpoint({ DOCKER_HOST: "ssh://me@far.example.com:2222" });
    expect(options).toMatchObject({ protocol: "ssh", host: "far.example.com", port: "2222", username: "me" });
  });

  it("uses the certificates of DOCKER_CERT_PATH only where DOCKER_TLS_VERIFY asks for them", async () => {
    const env = { DOCKER_HOST: "tcp://far.example.com", DOCKER_CERT_PATH: join(folder, "certificates") };
    const plain = { protocol: "http", host: "far.example.com", port: 2375 };
    expect((await findEndpoint(env)).options).toEqual(plain);
    expect((await findEndpoint({ ...env, DOCKER_TLS_VERIFY: "" })).options).toEqual(plain);
    expect((await findEndpoint({ ...env, DOCKER_TLS_VERIFY: "1" })).options).toEqual({
      ...{ protocol: "https", host: "far.example.com", port: 2376 },
      ...{ ca: "CA", cert: "CERT", key: "KEY" },
    });
  });

  it("takes the configuration's context, with its certificates", async () => {
    expect(await findEndpoint({ DOCKER_CONFIG: config() })).toEqual({
      url: "tcp://far.example.com:2376",
      source: "the context far",
      options: {
        ...{ protocol: "https", host: "far.example.com", port: 2376 },
        ...{ ca: "CA", cert: "CERT", key: "KEY" },
      },
    });
  });

  it("takes DOCKER_CONTEXT before the configuration's", async () => {
    const env = { DOCKER_CONFIG: config(), DOCKER_CONTEXT: "desktop" };
    expect((await findEndpoint(env)).options).toEqual({ socketPath: "/run/desktop.sock" });
  });

  it("takes a socket of the user's for the context default", async () => {
    const runtime = join(folder, "runtime");
    await writeAll(runtime, { "docker.sock": "" });
    const env = { DOCKER_CONFIG: config(), DOCKER_CONTEXT: "default", XDG_RUNTIME_DIR: runtime };
    const { source, options } = await findEndpoint(env);
    expect(source).toBe("the default socket");
    // The machine's own comes first, where it has one.
    expect(["/var/run/docker.sock", join(runtime, "docker.sock")]).toContain(options.socketPath);
  });

  it.each([
    ["a context that is not there", { DOCKER_CONTEXT: "gone" }, 'Docker has no context "gone"'],
    ["a host of another kind", { DOCKER_HOST: "ftp://x" }, 'DOCKER_HOST is "ftp://x", which names no engine'],
    ["a host that is none", { DOCKER_HOST: "tcp://" }, 'DOCKER_HOST is "tcp://", which names no engine'],
    [
      "certificates that are not there",
      { DOCKER_HOST: "tcp://x", DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: "/nonexistent" },
      "the engine's certificates cannot be read: ENOENT",
    ],
  ])("refuses %s", async (_case, env, message) => {
    const failure = findEndpoint({ DOCKER_CONFIG: config(), ...env });
    await expect(failure).rejects.toMatchObject({ code: "KTS_CONFIG_INVALID" });
    await expect(failure).rejects.toThrow(message);
  });
});
