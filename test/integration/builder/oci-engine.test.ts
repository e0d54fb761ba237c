import type Docker from "dockerode";
import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, request as httpRequest } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createOciEngine } from "../../../builder/oci/index.ts";
import { openImage } from "../../../builder/oci/image-source.ts";
import { RegistryClient } from "../../../builder/registry/registry-client.ts";
import { type Files, planOf, work } from "../../builder/oci/plans.ts";
import { BASE } from "../docker/base-image.ts";
import { dockerAt } from "../docker/engine.ts";
import { REGISTRY_USER } from "../docker/registry.ts";
import { describeWithRig } from "../docker/with-rig.ts";

const SERVER = `
  const { predict } = await import("file:///app/predictor.mjs");
  console.log("said " + JSON.stringify({ predicted: predict(), uid: process.getuid(), args: process.argv.slice(2) }));
`;
const ENTRYPOINT = ["node", "/opt/kserve-ts/server.mjs", "serve"];
const credentialsFor = async () =>
  ({ kind: "password", username: REGISTRY_USER.user, password: REGISTRY_USER.password }) as const;

function layers(answer: number) {
  const predictor: Files = { "/app/predictor.mjs": `export const predict = () => ${answer};\n` };
  return {
    server: { "/opt/kserve-ts/server.mjs": SERVER },
    model: { "/mnt/models/model.bin": "x".repeat(3_000_000) },
    predictor,
  };
}

/** Runs an image as a cluster would. @returns what it wrote */
async function runRestricted(docker: Docker, image: string): Promise<unknown> {
  const container = await docker.createContainer({
    Image: image,
    Cmd: ["--model_name", "digits"],
    User: "12345:0",
    Tty: true,
    HostConfig: {
      NetworkMode: "none",
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      Memory: 536_870_912,
    },
  });
  try {
    await container.start();
    await container.wait();
    const said = String(await container.logs({ stdout: true, stderr: true }));
    expect(said).toMatch(/^said /);
    return JSON.parse(said.slice("said ".length)) as unknown;
  } finally {
    await container.remove({ force: true });
  }
}

/** Plays Bearer tokens in front of a registry: who has the password gets a token for what it asks. */
async function tokenRegistry(registry: string) {
  const tokens = new Map<string, string>();
  const scopes: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "", `http://${request.headers.host}`);
    if (url.pathname === "/token") {
      const isUser = request.headers.authorization === `Basic ${btoa("me:secret")}`;
      const body = { errors: [{ code: "UNAUTHORIZED", message: "wrong password" }] };
      if (!isUser) return void response.writeHead(401).end(JSON.stringify(body));
      const token = `token-${tokens.size}`;
      const asked = url.searchParams.getAll("scope").join(" ");
      tokens.set(token, asked);
      scopes.push(asked);
      return void response.end(JSON.stringify({ token, expires_in: 300 }));
    }
    const [, repository = ""] = /^\/v2\/(.+?)\/(?:blobs|manifests|referrers)\//.exec(url.pathname) ?? [];
    const allowed = tokens.get(request.headers.authorization?.replace("Bearer ", "") ?? "") ?? "";
    const needs = request.method === "GET" || request.method === "HEAD" ? "pull" : "push";
    const isAllowed = allowed
      .split(" ")
      .some((one) => one.startsWith(`repository:${repository}:`) && one.includes(needs));
    if (!isAllowed) {
      const challenge = `Bearer realm="http://${request.headers.host}/token",service="tests",scope="repository:${repository}:${needs}"`;
      request.resume();
      return void response.writeHead(401, { "www-authenticate": challenge }).end();
    }
    const [host, port] = registry.split(":");
    const { authorization: _token, ...headers } = request.headers;
    const passed = httpRequest(
      { host, port, method: request.method, path: request.url, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    request.pipe(passed);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    scopes,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

describeWithRig("the engine without Docker", ({ dockerHost, openRegistry, authRegistry }) => {
  const docker = dockerAt(dockerHost);
  const base = `${openRegistry}/library/node:24-bookworm-slim`;
  let folder = "";

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kserve-ts-oci-"));
    await docker.getImage(BASE).tag({ repo: `${openRegistry}/library/node`, tag: "24-bookworm-slim" });
    const pushed = await docker.getImage(base).push({ authconfig: { username: "", password: "" } });
    await new Promise((resolve, reject) =>
      docker.modem.followProgress(pushed, (error, lines) => (error ? reject(error) : resolve(lines))),
    );
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  const engineOf = (name: string, options = {}) =>
    createOciEngine({ storeFolder: join(folder, name), ...options });

  it("builds on a registry's base and pushes what a real engine pulls and runs under a cluster's constraints", async () => {
    const engine = engineOf("store");
    const plan = await planOf(
      { base, entrypoint: ENTRYPOINT, labels: { "io.kserve-ts.model-name": "digits" } },
      layers(7),
    );
    const image = await engine.build(plan, `${openRegistry}/me/digits:1`, work());
    const published = await engine.publish(image, work());
    // The base, which is most of it, was taken over within the registry.
    expect(published.sentBytes).toBeLessThan(200_000);
    await docker
      .pull(published.reference)
      .then((stream) => new Promise((resolve) => docker.modem.followProgress(stream, resolve)));
    const inspected = await docker.getImage(published.reference).inspect();
    expect(inspected.Id).toBe(image.id);
    expect(inspected.Config).toMatchObject({
      User: "65532:65532",
      Labels: { "io.kserve-ts.model-name": "digits" },
    });
    expect(await runRestricted(docker, published.reference)).toEqual({
      predicted: 7,
      uid: 12_345,
      args: ["serve", "--model_name", "digits"],
    });
  });

  it("rebuilds and pushes changed code in kilobytes and seconds, and what did not change in less", async () => {
    const engine = engineOf("store");
    const reference = `${openRegistry}/me/digits:1`;
    const settings = { base, entrypoint: ENTRYPOINT };
    const timed = async (answer: number) => {
      const started = performance.now();
      const image = await engine.build(await planOf(settings, layers(answer)), reference, work());
      const { sentBytes } = await engine.publish(image, work());
      return { ms: performance.now() - started, sentBytes, unchanged: image.unchanged };
    };
    await timed(7);
    const code = await timed(8);
    const nothing = await timed(8);
    console.log(
      `code only: ${Math.round(code.ms)} ms, ${code.sentBytes} bytes; nothing: ${Math.round(nothing.ms)} ms`,
    );
    expect(code.unchanged).toBe(false);
    expect(code.sentBytes).toBeLessThan(200_000);
    expect(code.ms).toBeLessThan(5000);
    expect(nothing).toMatchObject({ unchanged: true, sentBytes: 0 });
    expect(nothing.ms).toBeLessThan(2000);
  });

  it("writes a tarball that the engine loads and runs, on a base that docker save wrote", async () => {
    const saved = join(folder, "base.tar");
    await promisify(execFile)("docker", ["--host", dockerHost, "save", "--output", saved, BASE]);
    const engine = engineOf("saved-store");
    const image = await engine.build(
      await planOf({ base: saved, entrypoint: ENTRYPOINT }, layers(9)),
      "me/loaded:1",
      work(),
    );
    const archive = join(folder, "image.tar");
    await engine.writeArchive(image, archive, work());
    const loaded = await docker.loadImage(createReadStream(archive));
    const said: Buffer[] = [];
    for await (const chunk of loaded) said.push(Buffer.from(chunk as Uint8Array));
    expect(Buffer.concat(said).toString()).toContain("Loaded image: me/loaded:1");
    expect((await docker.getImage("me/loaded:1").inspect()).Id).toBe(image.id);
    expect(await runRestricted(docker, "me/loaded:1")).toMatchObject({ predicted: 9 });
    await docker.getImage("me/loaded:1").remove({ force: true });
  });

  it("pushes to a registry that asks who it is, and is refused without the password", async () => {
    const plan = await planOf({ base, entrypoint: ENTRYPOINT }, layers(1));
    const reference = `${authRegistry}/me/digits:1`;
    const known = engineOf("store", { credentialsFor });
    const image = await known.build(plan, reference, work());
    await expect(engineOf("store").publish(image, work())).rejects.toMatchObject({
      code: "KTS_REGISTRY_DENIED",
      message: expect.stringContaining("UNAUTHORIZED: authentication required (HTTP 401)") as string,
    });
    const { digest } = await known.publish(image, work());
    const { signal } = new AbortController();
    const client = new RegistryClient({ credentialsFor });
    const found = await openImage(`${authRegistry}/me/digits:1`, { client, signal, platform: undefined });
    expect(found.descriptor?.digest).toBe(digest);
  });

  it("gets tokens for what it does and no more, and tells when there are none", async () => {
    await using registry = await tokenRegistry(openRegistry);
    const plan = await planOf({ base, entrypoint: ENTRYPOINT }, layers(2));
    const reference = `${registry.host}/me/tokens:1`;
    const known = engineOf("store", {
      credentialsFor: async (host: string) =>
        host === registry.host ? { kind: "password", username: "me", password: "secret" } : undefined,
    });
    const image = await known.build(plan, reference, work());
    await known.publish(image, work());
    expect([...new Set(registry.scopes)].sort()).toEqual([
      "repository:me/tokens:pull",
      "repository:me/tokens:pull,push",
    ]);
    await expect(
      engineOf("store").publish({ ...image, reference: `${registry.host}/me/other:1` }, work()),
    ).rejects.toMatchObject({
      code: "KTS_REGISTRY_DENIED",
      message: `The registry ${registry.host} gives no token to an anonymous client: UNAUTHORIZED: wrong password (HTTP 401).`,
    });
  });

  it("sends a large layer in pieces that the registry puts together", async () => {
    const client = new RegistryClient();
    const bytes = Buffer.alloc(12_000_000, "kserve");
    const file = join(folder, "blob");
    await writeFile(file, bytes);
    const { digestOf } = await import("../../../builder/registry/digest.ts");
    const blob = {
      digest: digestOf(bytes),
      size: bytes.length,
      open: (start: number, end: number) => createReadStream(file, { start, end: end - 1 }),
    };
    const { signal } = new AbortController();
    const place = { registry: openRegistry, repository: "me/pieces" };
    expect(await client.pushBlob(place, blob, { signal, chunkBytes: 5_000_000 })).toBe("sent");
    expect(await client.hasBlob(place, blob.digest, signal)).toBe(true);
  });

  it("attaches the list of dependencies by a tag, as this registry keeps no lists", async () => {
    const engine = engineOf("store");
    const sbom = Buffer.from('{"bomFormat":"CycloneDX","specVersion":"1.5"}');
    const plan = await planOf({ base, entrypoint: ENTRYPOINT, sbom }, layers(3));
    const { digest } = await engine.publish(
      await engine.build(plan, `${openRegistry}/me/sbom:1`, work()),
      work(),
    );
    const { attached } = await import("../../../builder/registry/referrers.ts");
    const { signal } = new AbortController();
    const place = { registry: openRegistry, repository: "me/sbom" };
    const type = "application/vnd.cyclonedx+json";
    expect(await attached(new RegistryClient(), place, digest, type, signal)).toMatchObject([
      { artifactType: type },
    ]);
  });
});
