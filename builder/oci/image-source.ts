import { stat } from "node:fs/promises";
import { type ImageReference, parseReference } from "../registry/reference.ts";
import { type SourceImage, type SourceOptions, notFound } from "./source.ts";

/** What a name means: a place on this machine, or an image of a registry. */
export type ImagePlace =
  | { readonly kind: "layout"; readonly path: string; readonly tag: string | undefined }
  | { readonly kind: "archive"; readonly path: string; readonly tag: string | undefined }
  | { readonly kind: "registry"; readonly reference: ImageReference };

/**
 * Opens an image: of a registry by its name; from a folder (OCI layout) or a tarball (`docker save`, OCI archive) by
 * a path that starts with `/`, `./` or `../`. `oci:`, `oci-archive:` and `docker-archive:` in front say it outright,
 * and `:tag` behind such a path says which one where it has several.
 * @throws KtsError KTS_IMAGE_NOT_FOUND, KTS_USAGE for a name that is none, KTS_REGISTRY_*
 */
export async function openImage(name: string, options: SourceOptions): Promise<SourceImage> {
  const place = await placeOf(name);
  switch (place.kind) {
    case "registry":
      return (await import("./source-registry.ts")).openRegistryImage(name, place.reference, options);
    case "layout":
      return (await import("./source-layout.ts")).openLayoutImage(name, place.path, place.tag, options);
    case "archive":
      return (await import("./source-archive.ts")).openArchiveImage(name, place.path, place.tag, options);
  }
}

const SCHEMES = { oci: "layout", "oci-archive": "archive", "docker-archive": "archive" } as const;

const SCHEME = /^(oci|oci-archive|docker-archive):(.+)$/;

/** Whether a name is that of a place on this machine, not of an image in a registry. */
export function isImagePath(name: string): boolean {
  return SCHEME.test(name) || /^\.{0,2}\//.test(name);
}

/** What a name means. @throws KtsError KTS_IMAGE_NOT_FOUND when a path leads nowhere, KTS_USAGE */
export async function placeOf(name: string): Promise<ImagePlace> {
  const [, scheme, rest = name] = SCHEME.exec(name) ?? [];
  if (!isImagePath(name)) return { kind: "registry", reference: parseReference(name) };
  const found = await onDisk(rest);
  if (found === undefined) throw notFound(name, `there is nothing at ${rest}`);
  const kind = found.isFolder ? "layout" : "archive";
  const wanted = scheme === undefined ? kind : SCHEMES[scheme as keyof typeof SCHEMES];
  if (wanted !== kind) {
    throw notFound(name, kind === "layout" ? `${found.path} is a folder` : `${found.path} is no folder`);
  }
  return { kind, path: found.path, tag: found.tag };
}

/** A path may have a tag behind it, and a colon within it. */
async function onDisk(
  path: string,
): Promise<{ path: string; tag: string | undefined; isFolder: boolean } | undefined> {
  const [, before, tag] = /^(.+):([^/:]+)$/.exec(path) ?? [];
  for (const [candidate, its] of [
    [path, undefined],
    [before, tag],
  ] as const) {
    const stats = candidate === undefined ? undefined : await stat(candidate).catch(() => undefined);
    if (stats !== undefined) return { path: candidate as string, tag: its, isFolder: stats.isDirectory() };
  }
  return undefined;
}
