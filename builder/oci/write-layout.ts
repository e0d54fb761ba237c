import { constants } from "node:fs";
import { copyFile, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { ImageReference } from "../registry/reference.ts";
import type { BlobStore } from "./blob-store.ts";
import type { ImageRecord } from "./image-record.ts";
import { type ExportedBlob, LAYOUT_FILE, exportedImage } from "./layout-index.ts";
import { REF_NAME } from "./source-layout.ts";
import { type Descriptor, type ImageIndex, MEDIA_TYPES, documentBytes, readDocument } from "./spec.ts";

/**
 * Writes an image into a folder in the OCI image layout. Other images of the folder stay; one of the same tag and
 * platform is replaced. The image's blobs must be in the store.
 */
export async function writeLayoutFolder(
  store: BlobStore,
  record: ImageRecord,
  reference: ImageReference,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const { entries, blobs } = await exportedImage(store, record, reference);
  await mkdir(join(folder, "blobs/sha256"), { recursive: true });
  for (const blob of blobs) {
    signal.throwIfAborted();
    await writeBlob(store, blob, folder);
  }
  const others = (await readIndex(folder)).filter((one) => !entries.some((entry) => isSameImage(one, entry)));
  const index: ImageIndex = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.index,
    manifests: [...others, ...entries],
  };
  await replace(join(folder, "oci-layout"), LAYOUT_FILE);
  // Last, as it is what makes the image be there.
  await replace(join(folder, "index.json"), documentBytes(index));
}

async function writeBlob(
  store: BlobStore,
  { digest, size, bytes }: ExportedBlob,
  folder: string,
): Promise<void> {
  const path = join(folder, "blobs", digest.replace(":", "/"));
  const there = await stat(path).catch(() => undefined);
  if (there?.size === size) return;
  if (bytes !== undefined) return replace(path, bytes);
  const temporary = `${path}.${randomUUID()}`;
  try {
    // A file system that can shares the blocks in place of copying them.
    await copyFile(store.pathOf(digest), temporary, constants.COPYFILE_FICLONE);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function readIndex(folder: string): Promise<readonly Descriptor[]> {
  const bytes = await readFile(join(folder, "index.json")).catch(() => undefined);
  return bytes === undefined ? [] : (readDocument<ImageIndex>(bytes).manifests ?? []);
}

function isSameImage(one: Descriptor, other: Descriptor): boolean {
  if (one.digest === other.digest) return true;
  const name = other.annotations?.[REF_NAME];
  const isNamed = name !== undefined && one.annotations?.[REF_NAME] === name;
  return isNamed && one.platform?.architecture === other.platform?.architecture;
}

async function replace(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  await writeFile(temporary, bytes);
  await rename(temporary, path);
}
