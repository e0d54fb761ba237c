import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { digestOf, isDigest } from "../registry/digest.ts";
import { type SourceImage, type SourceOptions, documentOf, notFound } from "./source.ts";
import { pickManifest } from "./pick-manifest.ts";
import { type BlobReader, sourceImage } from "./source-image.ts";
import type { Descriptor, ImageIndex } from "./spec.ts";

/** The name that a layout's index gives an image. */
export const REF_NAME = "org.opencontainers.image.ref.name";

/** The files of an OCI layout, in a folder or a tarball. */
export interface LayoutFiles {
  /** @throws Error when there is no such file */
  read(path: string): Promise<Uint8Array>;
  /** @throws Error when there is no such file */
  open(path: string): Promise<Readable>;
}

/** An image of a folder in the OCI image layout. */
export async function openLayoutImage(
  name: string,
  folder: string,
  tag: string | undefined,
  options: SourceOptions,
): Promise<SourceImage> {
  const files: LayoutFiles = {
    read: (path) => readFile(join(folder, path)),
    open: async (path) => {
      await stat(join(folder, path));
      return createReadStream(join(folder, path), { highWaterMark: 262_144 });
    },
  };
  const index = await files.read("index.json").catch(() => {
    throw notFound(name, `${folder} is no OCI layout, as it has no index.json`);
  });
  return openFromLayout(name, files, index, tag, options);
}

/** An image of a layout's files. */
export async function openFromLayout(
  name: string,
  files: LayoutFiles,
  indexBytes: Uint8Array,
  tag: string | undefined,
  options: SourceOptions,
): Promise<SourceImage> {
  const { manifests = [] } = documentOf<ImageIndex>(name, "index.json", indexBytes);
  const read = async (descriptor: Descriptor): Promise<Uint8Array> => {
    const bytes = await files.read(blobPath(name, descriptor)).catch(() => {
      throw notFound(name, `it lacks ${descriptor.digest}`);
    });
    if (digestOf(bytes) !== descriptor.digest) throw notFound(name, `${descriptor.digest} is damaged in it`);
    return bytes;
  };
  const reader: BlobReader = {
    reference: undefined,
    readManifest: read,
    readBlob: read,
    openBlob: (descriptor) =>
      files.open(blobPath(name, descriptor)).catch(() => {
        throw notFound(name, `it lacks ${descriptor.digest}`);
      }),
  };
  return sourceImage(name, rootOf(name, manifests, tag, options), reader, options);
}

/** The image that is meant: by its tag, or the only one, or the one for the platform. */
function rootOf(
  name: string,
  manifests: readonly Descriptor[],
  tag: string | undefined,
  { platform }: SourceOptions,
): Descriptor {
  const images = manifests.filter(({ artifactType }) => artifactType === undefined);
  const names = new Set(images.map(({ annotations }) => annotations?.[REF_NAME] ?? ""));
  const tagged = images.filter(
    ({ annotations, digest }) => tag === annotations?.[REF_NAME] || tag === digest,
  );
  if (tag !== undefined && tagged.length === 0) {
    throw notFound(name, `none in it is called ${tag}; it has ${[...names].join(", ")}`);
  }
  const candidates = tag === undefined ? images : tagged;
  const [first] = candidates;
  if (first === undefined) throw notFound(name, "its index.json is empty");
  if (candidates.length === 1) return first;
  if (tag === undefined && names.size > 1) {
    throw notFound(name, `it has several images, say which with :tag behind: ${[...names].join(", ")}`);
  }
  return pickManifest(name, candidates, platform);
}

/** The digest comes from a file, and may not lead out of the folder. */
function blobPath(name: string, { digest }: Descriptor): string {
  if (!isDigest(digest)) throw notFound(name, `${JSON.stringify(digest)} is no digest`);
  return `blobs/${digest.replace(":", "/")}`;
}
