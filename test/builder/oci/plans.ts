import { createHash } from "node:crypto";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BuildEvent, WorkOptions } from "../../../builder/engine.ts";
import type { BlobStore } from "../../../builder/oci/blob-store.ts";
import { layLayer } from "../../../builder/oci/lay-layer.ts";
import { type ImageConfig, MEDIA_TYPES, documentBytes } from "../../../builder/oci/spec.ts";
import type { BuildPlan, LayerName, PlannedFile, PlannedLayer } from "../../../builder/plan/build-plan.ts";
import { digestOf } from "../../../builder/registry/digest.ts";

/** Files of a layer by their paths: a text, a file on this machine, or a link. */
export type Files = Readonly<Record<string, string | { readonly file: string } | { readonly link: string }>>;

/** A layer as the plan has it. */
export async function layerOf(name: LayerName, files: Files): Promise<PlannedLayer> {
  const planned = await Promise.all(Object.entries(files).map(([path, contents]) => fileOf(path, contents)));
  const hash = createHash("sha256");
  for (const { path, source } of planned) {
    hash.update(
      `${path}\0${source.kind === "bytes" ? Buffer.from(source.contents).toString() : JSON.stringify(source)}\0`,
    );
  }
  const bytes = planned.reduce((sum, { source }) => sum + sizeOf(source), 0);
  return { name, files: planned, bytes, hash: `sha256:${hash.digest("hex")}` };
}

async function fileOf(path: string, contents: Files[string]): Promise<PlannedFile> {
  const executable = path.endsWith(".sh");
  if (typeof contents === "string") {
    return { path, executable, source: { kind: "bytes", contents: Buffer.from(contents) } };
  }
  if ("link" in contents) return { path, executable, source: { kind: "link", target: contents.link } };
  const { size } = await stat(contents.file);
  return { path, executable, source: { kind: "file", path: contents.file, bytes: size } };
}

function sizeOf(source: PlannedFile["source"]): number {
  if (source.kind === "bytes") return source.contents.length;
  return source.kind === "file" ? source.bytes : 0;
}

/** What a plan may say otherwise. */
export interface PlanSettings extends Partial<Pick<BuildPlan, "platform" | "sbom">> {
  readonly base: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly entrypoint?: readonly string[];
}

/** A plan for an image of some layers. */
export async function planOf(
  settings: PlanSettings,
  layers: Partial<Record<LayerName, Files>>,
): Promise<BuildPlan> {
  const { base, labels = {}, entrypoint = ["node", "/opt/kserve-ts/server.js"], sbom } = settings;
  const platform = settings.platform ?? { os: "linux", architecture: "amd64" };
  const planned = await Promise.all(
    (Object.entries(layers) as [LayerName, Files][]).map(([name, files]) => layerOf(name, files)),
  );
  const image: BuildPlan["image"] = {
    user: "65532:65532",
    workingDir: "/app",
    env: { NODE_ENV: "production", PATH: "/usr/local/bin:/usr/bin:/bin" },
    entrypoint,
    exposedPorts: [8080, 8081],
    labels,
    stopSignal: "SIGTERM",
    healthcheck: {
      command: ["node", "-e", "0"],
      intervalMs: 10_000,
      timeoutMs: 3000,
      startPeriodMs: 60_000,
      retries: 3,
    },
  };
  const hash = digestOf(JSON.stringify([base, platform, image, planned.map((layer) => layer.hash)]));
  return { base, platform, layers: planned, image, hash, warnings: [], ...(sbom !== undefined && { sbom }) };
}

/** A folder for one test. */
export async function scratch(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "kserve-ts-oci-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Options of a piece of work, with what it told. */
export function work(signal: AbortSignal = new AbortController().signal): WorkOptions & {
  readonly events: BuildEvent[];
} {
  const events: BuildEvent[] = [];
  return { signal, events, report: (event) => void events.push(event) };
}

/** What {@link writeBase} makes. */
export interface Base {
  readonly config: Uint8Array;
  readonly manifest: Uint8Array;
  /** The layer's tar, compressed. */
  readonly layer: Uint8Array;
}

/** A small image to build on, as its three blobs, which are in the store. */
export async function smallBase(store: BlobStore, architecture = "amd64"): Promise<Base> {
  const layer = await layerOf("server", { "/etc/os-release": "ID=small\n", "/usr/bin/node": "#!/bin/sh\n" });
  const { signal } = new AbortController();
  const laid = await layLayer(store, layer, { epochSeconds: 1_700_000_000, signal });
  const settings: ImageConfig = {
    created: "2023-11-14T22:13:20Z",
    architecture,
    os: "linux",
    config: {
      Env: ["PATH=/usr/bin", "NODE_VERSION=24.0.0"],
      Cmd: ["node"],
      Labels: { of: "base" },
      ExposedPorts: { "9000/tcp": {} },
    },
    rootfs: { type: "layers", diff_ids: [laid.diffId] },
    history: [{ created_by: "COPY" }, { created_by: "ENV", empty_layer: true }],
  };
  const config = documentBytes(settings);
  const manifest = documentBytes({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.dockerManifest,
    config: {
      mediaType: "application/vnd.docker.container.image.v1+json",
      digest: digestOf(config),
      size: config.length,
    },
    layers: [{ ...laid.descriptor, mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip" }],
  });
  await store.put(config);
  await store.put(manifest);
  return { config, manifest, layer: await store.read(laid.descriptor.digest) };
}
