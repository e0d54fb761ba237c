import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { BlobStore } from "../../../builder/oci/blob-store.ts";
import { LAYOUT_FILE } from "../../../builder/oci/layout-index.ts";
import { MEDIA_TYPES, documentBytes } from "../../../builder/oci/spec.ts";
import { digestOf } from "../../../builder/registry/digest.ts";
import type { MemoryRegistry } from "../registry/memory-registry.ts";
import { type Base, smallBase } from "./plans.ts";

/** A small base as an OCI layout in a folder. */
export async function layoutBase(folder: string, architecture?: string): Promise<string> {
  const base = await smallBase(new BlobStore(join(folder, "store-of-base")), architecture);
  const layout = join(folder, "base-layout");
  for (const bytes of [base.config, base.manifest, base.layer]) {
    await write(join(layout, "blobs", digestOf(bytes).replace(":", "/")), bytes);
  }
  await write(join(layout, "oci-layout"), LAYOUT_FILE);
  const descriptor = {
    mediaType: MEDIA_TYPES.dockerManifest,
    digest: digestOf(base.manifest),
    size: base.manifest.length,
  };
  await write(join(layout, "index.json"), documentBytes({ schemaVersion: 2, manifests: [descriptor] }));
  return layout;
}

/** The same as an OCI archive. */
export async function archiveBase(folder: string): Promise<string> {
  const layout = await layoutBase(folder);
  const path = join(folder, "base.tar");
  await promisify(execFile)("tar", ["--create", "--file", path, "--directory", layout, "."]);
  return path;
}

/** The same as `docker save` of Docker 20.10 writes it: plain layers, a link in place of one that is there twice. */
export async function savedBase(folder: string): Promise<string> {
  const base = await smallBase(new BlobStore(join(folder, "store-of-base")));
  const root = join(folder, "saved");
  const id = digestOf(base.config).slice("sha256:".length);
  await write(join(root, `${id}.json`), base.config);
  await write(join(root, "0123/layer.tar"), gunzipSync(base.layer));
  const { symlink } = await import("node:fs/promises");
  await mkdir(join(root, "4567"), { recursive: true });
  await symlink("../0123/layer.tar", join(root, "4567/layer.tar"));
  const saved = [{ Config: `${id}.json`, RepoTags: ["small:1"], Layers: ["4567/layer.tar"] }];
  await write(join(root, "manifest.json"), documentBytes(saved));
  const path = join(folder, "saved.tar");
  await promisify(execFile)("tar", ["--create", "--file", path, "--directory", root, "."]);
  return path;
}

/** The same in a registry, under a name. */
export async function registryBase(
  folder: string,
  registry: MemoryRegistry,
  repository = "library/small",
): Promise<Base & { readonly name: string }> {
  const base = await smallBase(new BlobStore(join(folder, "store-of-base")));
  for (const bytes of [base.config, base.layer]) {
    registry.blobs.set(`${repository} ${digestOf(bytes)}`, Buffer.from(bytes));
  }
  const stored = { bytes: Buffer.from(base.manifest), type: MEDIA_TYPES.dockerManifest };
  registry.manifests.set(`${repository} 1`, stored);
  registry.manifests.set(`${repository} ${digestOf(base.manifest)}`, stored);
  return { ...base, name: `${registry.host}/${repository}:1` };
}

async function write(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}
