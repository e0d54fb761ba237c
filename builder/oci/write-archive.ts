import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { PlannedFile } from "../plan/build-plan.ts";
import { type ImageReference, formatReference } from "../registry/reference.ts";
import type { BlobStore } from "./blob-store.ts";
import type { ImageRecord } from "./image-record.ts";
import { layerTar } from "./layer-tar.ts";
import { LAYOUT_FILE, exportedImage } from "./layout-index.ts";
import { type ImageIndex, MEDIA_TYPES, documentBytes } from "./spec.ts";

/**
 * Writes an image as a tarball that `docker load`, `ctr images import` and OCI tools read: a layout, with the list
 * that Docker looks for beside it. The image's blobs must be in the store.
 */
export async function writeArchiveFile(
  store: BlobStore,
  record: ImageRecord,
  reference: ImageReference,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const { entries, blobs } = await exportedImage(store, record, reference);
  const index: ImageIndex = { schemaVersion: 2, mediaType: MEDIA_TYPES.index, manifests: entries };
  const saved = [
    {
      Config: blobPath(record.config.digest),
      RepoTags: [formatReference({ ...reference, tag: reference.tag ?? "latest", digest: undefined })],
      Layers: record.layers.map(({ descriptor }) => blobPath(descriptor.digest)),
    },
  ];
  const files: PlannedFile[] = [
    bytesFile("oci-layout", LAYOUT_FILE),
    bytesFile("index.json", documentBytes(index)),
    bytesFile("manifest.json", documentBytes(saved)),
    ...blobs.map(({ digest, size, bytes }) =>
      bytes === undefined ? storeFile(store, digest, size) : bytesFile(blobPath(digest), bytes),
    ),
  ];
  const temporary = `${path}.${randomUUID()}`;
  try {
    await pipeline(
      Readable.from(layerTar({ files }, 0), { objectMode: false }),
      createWriteStream(temporary),
      { signal },
    );
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

function blobPath(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}

function bytesFile(path: string, contents: Uint8Array): PlannedFile {
  return { path, source: { kind: "bytes", contents }, executable: false };
}

function storeFile(store: BlobStore, digest: string, bytes: number): PlannedFile {
  return {
    path: blobPath(digest),
    source: { kind: "file", path: store.pathOf(digest), bytes },
    executable: false,
  };
}
