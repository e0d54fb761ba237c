import { execFile } from "node:child_process";
import { mkdir, readFile, readdir, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { createOciEngine } from "../../../builder/oci/index.ts";
import { openImage } from "../../../builder/oci/image-source.ts";
import type { ImageConfig, ImageIndex, ImageManifest } from "../../../builder/oci/spec.ts";
import { digestOf } from "../../../builder/registry/digest.ts";
import { RegistryClient } from "../../../builder/registry/registry-client.ts";
import { MemoryRegistry, answer } from "../registry/memory-registry.ts";
import { archiveBase, layoutBase, registryBase, savedBase } from "./bases.ts";
import { type Files, planOf, scratch, work } from "./plans.ts";

const SERVER: Files = { "/opt/kserve-ts/server.js": "// the server\n" };
const PREDICTOR: Files = { "/app/predictor.js": "export const predict = () => 7;\n" };

async function json<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(path, "utf8")) as T;
}

/** Builds into a layout, with everything in a folder of its own. */
async function builtLayout(folder: string, base: string, files: Files = PREDICTOR) {
  const engine = createOciEngine({ storeFolder: join(folder, "store") });
  const plan = await planOf(
    { base, labels: { "io.kserve-ts.model-name": "digits" } },
    { server: SERVER, predictor: files },
  );
  const image = await engine.build(plan, "example.com/me/digits:1", work());
  const layout = join(folder, "out");
  await engine.writeLayout(image, layout, work());
  return { engine, plan, image, layout };
}

describe("an image without Docker", () => {
  it("has the base's settings with ours in them", async () => {
    await using folder = await scratch();
    const { image, layout } = await builtLayout(folder.path, await layoutBase(folder.path));
    const config = await json<ImageConfig>(join(layout, "blobs", image.id.replace(":", "/")));
    expect(config).toMatchObject({
      created: "1970-01-01T00:00:00Z",
      architecture: "amd64",
      os: "linux",
      config: {
        User: "65532:65532",
        WorkingDir: "/app",
        Env: ["PATH=/usr/local/bin:/usr/bin:/bin", "NODE_VERSION=24.0.0", "NODE_ENV=production"],
        Entrypoint: ["node", "/opt/kserve-ts/server.js"],
        ExposedPorts: { "8080/tcp": {}, "8081/tcp": {}, "9000/tcp": {} },
        Labels: { of: "base", "io.kserve-ts.model-name": "digits" },
        StopSignal: "SIGTERM",
        Healthcheck: { Test: ["CMD", "node", "-e", "0"], Interval: 10_000_000_000, Retries: 3 },
      },
    });
    expect(config.config?.Cmd).toBeUndefined();
    expect(config.rootfs.diff_ids).toHaveLength(3);
    expect(config.history?.map(({ comment, created_by }) => comment ?? created_by)).toEqual([
      "COPY",
      "ENV",
      "server",
      "predictor",
    ]);
    expect(image.labels).toEqual({
      of: "base",
      "io.kserve-ts.model-name": "digits",
      "io.kserve-ts.node-version": "24.0.0",
    });
    expect(image.layers.map(({ name }) => name)).toEqual([undefined, "server", "predictor"]);
  });

  it("is the same from two folders at two times", async () => {
    await using one = await scratch();
    await using other = await scratch();
    const digests: string[] = [];
    for (const [at, { path }] of [one, other].entries()) {
      const file = join(path, "model.onnx");
      await writeFile(file, "weights");
      await utimes(file, at * 1000, at * 1000);
      const { layout } = await builtLayout(path, await layoutBase(path), {
        "/mnt/models/model.onnx": { file },
      });
      const index = await json<ImageIndex>(join(layout, "index.json"));
      digests.push(index.manifests[0]?.digest as string);
    }
    expect(digests[0]).toMatch(/^sha256:/);
    expect(digests[1]).toBe(digests[0]);
  });

  it("is what it was: the golden digest of its configuration, which any machine gives", async () => {
    await using folder = await scratch();
    const { image } = await builtLayout(folder.path, await layoutBase(folder.path));
    expect(image.id).toMatchInlineSnapshot(
      `"sha256:b58d3114366ed1ae6229a6534bc9f5836422e146a00f43c5668f03862fd8369a"`,
    );
  });

  it.each([
    ["an OCI layout", layoutBase],
    ["an OCI archive", archiveBase],
    ["a tarball of docker save", savedBase],
  ])("has the same id on a base from %s", async (_name, make) => {
    await using folder = await scratch();
    await using other = await scratch();
    const { image } = await builtLayout(folder.path, await make(folder.path));
    const { image: same } = await builtLayout(other.path, await layoutBase(other.path));
    expect(image.id).toBe(same.id);
  });

  it("is unchanged the second time, and lays only the layer that changed the third", async () => {
    await using folder = await scratch();
    const base = await layoutBase(folder.path);
    const { engine, plan, image } = await builtLayout(folder.path, base);
    expect(image.unchanged).toBe(false);
    const again = await engine.build(plan, "example.com/me/digits:1", work());
    expect(again).toEqual({ ...image, unchanged: true });
    const told = work();
    const changed = {
      server: SERVER,
      predictor: { "/app/predictor.js": "export const predict = () => 8;\n" },
    };
    const next = await engine.build(await planOf({ base }, changed), "example.com/me/digits:1", told);
    expect(next.unchanged).toBe(false);
    expect(told.events.filter(({ kind }) => kind === "unchanged")).toEqual([
      { kind: "unchanged", step: "server" },
    ]);
    const layers = await readdir(join(folder.path, "store/layers"));
    expect(layers).toHaveLength(3);
  });

  it("has all its layers again where the store has lost one", async () => {
    await using folder = await scratch();
    const { engine, plan, image } = await builtLayout(folder.path, await layoutBase(folder.path));
    const { rm } = await import("node:fs/promises");
    await rm(join(folder.path, "store/blobs"), { recursive: true });
    await expect(engine.publish(image, work())).rejects.toMatchObject({ code: "KTS_IMAGE_NOT_FOUND" });
    const again = await engine.build(plan, "example.com/me/digits:1", work());
    expect(again).toEqual(image);
  });

  it("is refused on a base for another platform", async () => {
    await using folder = await scratch();
    const base = await layoutBase(folder.path, "arm64");
    const engine = createOciEngine({ storeFolder: join(folder.path, "store") });
    await expect(engine.build(await planOf({ base }, {}), "digits", work())).rejects.toMatchObject({
      code: "KTS_IMAGE_NOT_FOUND",
      message: `There is no image ${base}: it has nothing for linux/amd64; it is there for linux/arm64.`,
    });
  });

  it("leaves nothing unfinished behind when it is cancelled", async () => {
    await using folder = await scratch();
    const base = await layoutBase(folder.path);
    const file = join(folder.path, "model.bin");
    await writeFile(file, "");
    await truncate(file, 200_000_000);
    const controller = new AbortController();
    const storeFolder = join(folder.path, "store");
    const engine = createOciEngine({ storeFolder });
    const options = work(controller.signal);
    const report: typeof options.report = (event) => {
      if (event.kind === "transfer" && event.doneBytes > 10_000_000) controller.abort(new Error("Ctrl-C"));
    };
    const plan = await planOf({ base }, { model: { "/mnt/models/model.bin": { file } } });
    await expect(engine.build(plan, "digits", { ...options, report })).rejects.toMatchObject({
      code: "KTS_CANCELLED",
      message: "The build was cancelled.",
    });
    expect(await readdir(join(storeFolder, "unfinished"))).toEqual([]);
  });
});

describe("a push without Docker", () => {
  let told: ReturnType<typeof work>;
  beforeAll(() => void (told = work()));

  it("mounts the base's layers within a registry, and never downloads them", async () => {
    await using folder = await scratch();
    await using registry = await MemoryRegistry.start();
    const base = await registryBase(folder.path, registry);
    const engine = createOciEngine({ storeFolder: join(folder.path, "store") });
    const image = await engine.build(
      await planOf({ base: base.name }, { predictor: PREDICTOR }),
      `${registry.host}/me/digits:1`,
      told,
    );
    const published = await engine.publish(image, told);
    const { digest } = published;
    expect(published.reference).toBe(`${registry.host}/me/digits@${digest}`);
    const layer = digestOf(base.layer);
    expect(registry.asked.filter((asked) => asked.startsWith("GET") && asked.endsWith(layer))).toEqual([]);
    expect(registry.blobs.has(`me/digits ${layer}`)).toBe(true);
    const manifest = JSON.parse(
      registry.manifests.get("me/digits 1")?.bytes.toString() ?? "",
    ) as ImageManifest;
    expect(manifest.annotations).toEqual({
      "org.opencontainers.image.base.digest": digestOf(base.manifest),
      "org.opencontainers.image.base.name": base.name,
    });
    expect(manifest.layers.map(({ mediaType }) => mediaType)).toEqual([
      "application/vnd.oci.image.layer.v1.tar+gzip",
      "application/vnd.oci.image.layer.v1.tar+gzip",
    ]);
    const before = registry.came.length;
    const again = await engine.publish(image, work());
    expect(again).toEqual({ ...published, sentBytes: 0 });
    expect(registry.came.length - before).toBe(1);
  });

  it("brings the base's layers from another registry through this machine", async () => {
    await using folder = await scratch();
    await using from = await MemoryRegistry.start();
    await using to = await MemoryRegistry.start();
    const base = await registryBase(folder.path, from);
    const engine = createOciEngine({ storeFolder: join(folder.path, "store") });
    const image = await engine.build(
      await planOf({ base: base.name }, { predictor: PREDICTOR }),
      `${to.host}/me/digits:1`,
      work(),
    );
    await engine.publish(image, work());
    expect(to.blobs.get(`me/digits ${digestOf(base.layer)}`)?.equals(base.layer)).toBe(true);
  });

  it("takes a model over from another repository that it pushed it to", async () => {
    await using folder = await scratch();
    await using registry = await MemoryRegistry.start();
    const base = await registryBase(folder.path, registry);
    const engine = createOciEngine({ storeFolder: join(folder.path, "store") });
    const model = { "/mnt/models/model.onnx": "weights" };
    for (const name of ["one", "two"]) {
      const plan = await planOf({ base: base.name, labels: { name } }, { model });
      const options = work();
      await engine.publish(await engine.build(plan, `${registry.host}/me/${name}:1`, options), options);
      const lines = options.events.flatMap((event) => (event.kind === "output" ? [event.line] : []));
      const how = name === "one" ? "sent" : "taken over from another repository";
      expect(lines.find((line) => line.startsWith("model "))).toMatch(new RegExp(`: ${how}$`));
    }
  });

  it("puts images of two platforms under one name", async () => {
    await using folder = await scratch();
    await using registry = await MemoryRegistry.start();
    const engine = createOciEngine({ storeFolder: join(folder.path, "store") });
    const images = [];
    for (const architecture of ["amd64", "arm64"] as const) {
      await mkdir(join(folder.path, architecture));
      const base = await layoutBase(join(folder.path, architecture), architecture);
      const plan = await planOf({ base, platform: { os: "linux", architecture } }, { predictor: PREDICTOR });
      images.push(await engine.build(plan, `${registry.host}/me/digits:1`, work()));
    }
    const name = `${registry.host}/me/digits:1`;
    const { digest } = await engine.publishIndex(images, name, work());
    const { signal } = new AbortController();
    const client = new RegistryClient();
    for (const [at, architecture] of ["amd64", "arm64"].entries()) {
      const found = await openImage(`${registry.host}/me/digits@${digest}`, {
        client,
        signal,
        platform: { os: "linux", architecture },
      });
      expect(found.configDescriptor.digest).toBe(images[at]?.id);
    }
    const wanted = { os: "linux", architecture: "s390x" };
    await expect(openImage(name, { client, signal, platform: wanted })).rejects.toThrow(
      "it has nothing for linux/s390x; it is there for linux/amd64, linux/arm64",
    );
  });

  it.each([true, false])(
    "attaches the list of dependencies (listed by the registry: %s)",
    async (listsReferrers) => {
      await using folder = await scratch();
      await using registry = await MemoryRegistry.start({ listsReferrers });
      const base = await registryBase(folder.path, registry);
      const engine = createOciEngine({ storeFolder: join(folder.path, "store") });
      const sbom = Buffer.from('{"bomFormat":"CycloneDX"}');
      const image = await engine.build(
        await planOf({ base: base.name, sbom }, { predictor: PREDICTOR }),
        `${registry.host}/me/digits:1`,
        work(),
      );
      expect(image.labels["io.kserve-ts.sbom"]).toBe(digestOf(sbom));
      const { digest } = await engine.publish(image, work());
      const { attached } = await import("../../../builder/registry/referrers.ts");
      const { signal } = new AbortController();
      const place = { registry: registry.host, repository: "me/digits" };
      const found = await attached(
        new RegistryClient(),
        place,
        digest,
        "application/vnd.cyclonedx+json",
        signal,
      );
      expect(found).toHaveLength(1);
      expect(registry.blobs.get(`me/digits ${digestOf(sbom)}`)?.equals(sbom)).toBe(true);
    },
  );

  it("tells a refusal with the registry's words", async () => {
    await using folder = await scratch();
    await using registry = await MemoryRegistry.start();
    registry.hook = (request, response) => {
      if (request.method !== "POST") return false;
      answer(
        response,
        403,
        { "content-type": "application/json" },
        Buffer.from('{"errors":[{"code":"DENIED","message":"quota is used up"}]}'),
      );
      return true;
    };
    const engine = createOciEngine({ storeFolder: join(folder.path, "store") });
    const base = await layoutBase(folder.path);
    const image = await engine.build(
      await planOf({ base }, { predictor: PREDICTOR }),
      `${registry.host}/me/digits:1`,
      work(),
    );
    await expect(engine.publish(image, work())).rejects.toMatchObject({
      code: "KTS_REGISTRY_DENIED",
      message: `Cannot push me/digits to ${registry.host}: DENIED: quota is used up (HTTP 403).`,
    });
  });
});

describe("a tarball for docker load", () => {
  it("is the same each time, and can be built on again", async () => {
    await using folder = await scratch();
    const { engine, image } = await builtLayout(folder.path, await layoutBase(folder.path));
    const [one, other] = [join(folder.path, "one.tar"), join(folder.path, "other.tar")];
    await engine.writeArchive(image, one, work());
    await engine.writeArchive(image, other, work());
    expect(digestOf(await readFile(one))).toBe(digestOf(await readFile(other)));
    const { stdout } = await promisify(execFile)("tar", ["--list", "--file", one]);
    expect(stdout.split("\n").filter((name) => !name.includes("sha256/"))).toEqual([
      "blobs/",
      "index.json",
      "manifest.json",
      "oci-layout",
      "",
    ]);
    const client = new RegistryClient();
    const { signal } = new AbortController();
    const found = await openImage(one, { client, signal, platform: undefined });
    expect(found.configDescriptor.digest).toBe(image.id);
  });
});

describe("a model of gigabytes", () => {
  it("is laid in little memory", { timeout: 120_000 }, async () => {
    await using folder = await scratch();
    const file = join(folder.path, "model.bin");
    await writeFile(file, "");
    // A sparse file: nothing on the disk, and all its bytes for who reads it.
    await truncate(file, 600_000_000);
    const script = `
      import { createOciEngine } from ${JSON.stringify(new URL("../../../builder/oci/index.ts", import.meta.url).href)};
      import { planOf, work } from ${JSON.stringify(new URL("./plans.ts", import.meta.url).href)};
      const [base, file, storeFolder] = process.argv.slice(1);
      const plan = await planOf({ base }, { model: { "/mnt/models/model.bin": { file } } });
      let most = 0;
      const options = { ...work(), report: () => { most = Math.max(most, process.memoryUsage().rss); } };
      await createOciEngine({ storeFolder }).build(plan, "digits", options);
      console.log(most);
    `;
    const args = [
      "--input-type=module",
      "--eval",
      script,
      await layoutBase(folder.path),
      file,
      join(folder.path, "store"),
    ];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(Number(stdout)).toBeGreaterThan(0);
    expect(Number(stdout)).toBeLessThan(300_000_000);
  });
});
