import type { Readable } from "node:stream";
import type { ImageReference } from "../registry/reference.ts";
import { type SourceImage, type SourceOptions, checkConfig, documentOf, notFound } from "./source.ts";
import { MOST_INDEXES, isIndex, pickManifest, platformsOf } from "./pick-manifest.ts";
import type { Descriptor, DescriptorPlatform, ImageConfig, ImageIndex, ImageManifest } from "./spec.ts";

/** What can be asked for an image's documents and layers: a registry, a layout, an archive. */
export interface BlobReader {
  readonly reference: ImageReference | undefined;
  /** A manifest or an index. */
  readManifest(descriptor: Descriptor, signal: AbortSignal): Promise<Uint8Array>;
  /** A configuration. */
  readBlob(descriptor: Descriptor, signal: AbortSignal): Promise<Uint8Array>;
  openBlob(descriptor: Descriptor, signal: AbortSignal): Promise<Readable>;
}

/**
 * Goes from what a name stands for, an index perhaps, down to the image for a platform.
 * @throws KtsError KTS_IMAGE_NOT_FOUND when it has none for the platform, or is no image
 */
export async function sourceImage(
  name: string,
  root: Descriptor,
  reader: BlobReader,
  { platform, signal }: SourceOptions,
): Promise<SourceImage> {
  let descriptor = root;
  let platforms: readonly DescriptorPlatform[] = [];
  for (let depth = 0; isIndex(descriptor); depth++) {
    if (depth === MOST_INDEXES) throw notFound(name, "its indexes lie too deep in each other");
    const index = documentOf<ImageIndex>(name, "index", await reader.readManifest(descriptor, signal));
    platforms = platformsOf(index.manifests ?? []);
    descriptor = pickManifest(name, index.manifests ?? [], platform);
  }
  const manifest = documentOf<ImageManifest>(name, "manifest", await reader.readManifest(descriptor, signal));
  if (manifest.config === undefined || !Array.isArray(manifest.layers))
    throw notFound(name, "it is no image");
  const configBytes = await reader.readBlob(manifest.config, signal);
  const read = documentOf<ImageConfig>(name, "configuration", configBytes);
  const config = checkConfig(name, read, manifest.layers.length);
  requirePlatform(name, config, platform);
  return {
    name,
    reference: reader.reference,
    descriptor,
    configDescriptor: manifest.config,
    configBytes,
    config,
    platforms,
    annotations: manifest.annotations ?? {},
    layers: manifest.layers.map((layer, at) => ({
      descriptor: layer,
      diffId: config.rootfs.diff_ids[at] as string,
      open: (its) => reader.openBlob(layer, its),
    })),
  };
}

/** @throws KtsError KTS_IMAGE_NOT_FOUND when an image that stands alone runs on another platform */
export function requirePlatform(
  name: string,
  config: ImageConfig,
  wanted: DescriptorPlatform | undefined,
): void {
  if (wanted === undefined) return;
  if (config.os === wanted.os && config.architecture === wanted.architecture) return;
  const has = `${config.os}/${config.architecture}`;
  throw notFound(name, `it has nothing for ${wanted.os}/${wanted.architecture}; it is there for ${has}`);
}
