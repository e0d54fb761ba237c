import { open } from "node:fs/promises";
import { digestOf } from "../registry/digest.ts";
import { type SourceImage, type SourceOptions, checkConfig, documentOf, notFound } from "./source.ts";
import { requirePlatform } from "./source-image.ts";
import { openFromLayout } from "./source-layout.ts";
import { type ImageConfig, MEDIA_TYPES } from "./spec.ts";
import { TarIndex } from "./tar-index.ts";

/** One image of the manifest.json that `docker save` writes. */
interface SavedImage {
  readonly Config: string;
  readonly RepoTags: readonly string[] | null;
  readonly Layers: readonly string[];
}

/** An image of a tarball: an OCI archive, or what `docker save` wrote. */
export async function openArchiveImage(
  name: string,
  path: string,
  tag: string | undefined,
  options: SourceOptions,
): Promise<SourceImage> {
  const files = await openTar(name, path);
  // Newer versions of docker save write both; the layout has the compressed layers' digests.
  if (files.has("oci-layout") && files.has("index.json")) {
    return openFromLayout(name, files, await files.read("index.json"), tag, options);
  }
  if (!files.has("manifest.json")) {
    throw notFound(name, `${path} has neither manifest.json nor index.json, so it is no tarball of an image`);
  }
  const saved = documentOf<readonly SavedImage[]>(name, "manifest.json", await files.read("manifest.json"));
  return openSaved(name, files, pickSaved(name, saved, tag), options);
}

async function openSaved(
  name: string,
  files: TarIndex,
  saved: SavedImage,
  { platform }: SourceOptions,
): Promise<SourceImage> {
  const configBytes = await files.read(saved.Config).catch(() => {
    throw notFound(name, `it lacks ${saved.Config}`);
  });
  const read = documentOf<ImageConfig>(name, "configuration", configBytes);
  const config = checkConfig(name, read, saved.Layers.length);
  requirePlatform(name, config, platform);
  return {
    name,
    reference: undefined,
    descriptor: undefined,
    configDescriptor: {
      mediaType: MEDIA_TYPES.config,
      digest: digestOf(configBytes),
      size: configBytes.length,
    },
    configBytes,
    config,
    platforms: [],
    annotations: {},
    layers: saved.Layers.map((layer, at) => ({
      descriptor: undefined,
      diffId: config.rootfs.diff_ids[at] as string,
      open: () =>
        files.open(layer).catch(() => {
          throw notFound(name, `it lacks ${layer}`);
        }),
    })),
  };
}

function pickSaved(name: string, saved: readonly SavedImage[], tag: string | undefined): SavedImage {
  const [first, ...more] = saved;
  if (first === undefined) throw notFound(name, "its manifest.json is empty");
  if (tag === undefined && more.length === 0) return first;
  const tags = saved.flatMap(({ RepoTags }) => RepoTags ?? []);
  const found = saved.find(({ RepoTags }) => (RepoTags ?? []).some((one) => one.endsWith(`:${tag}`)));
  if (found !== undefined) return found;
  const which =
    tag === undefined ? "it has several images, say which with :tag behind" : `none in it is called ${tag}`;
  throw notFound(name, `${which}: ${tags.join(", ")}`);
}

async function openTar(name: string, path: string): Promise<TarIndex> {
  if (await isGzip(path)) throw notFound(name, `${path} is compressed; gunzip it first`);
  try {
    return await TarIndex.of(path);
  } catch {
    throw notFound(name, `${path} is no tarball`);
  }
}

async function isGzip(path: string): Promise<boolean> {
  await using file = await open(path);
  const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
  return buffer[0] === 0x1f && buffer[1] === 0x8b;
}
