import { stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { KtsError, isKtsError } from "../../contract/errors.ts";
import { type ImageReference, parseReference } from "../registry/reference.ts";
import type { RegistryClient } from "../registry/registry-client.ts";
import { type Descriptor, type DescriptorPlatform, type ImageConfig, readDocument } from "./spec.ts";

/** A layer of an image that there is. */
export interface SourceLayer {
  /** As its manifest names it. Undefined: it is only there uncompressed, as in a tarball of `docker save`. */
  readonly descriptor: Descriptor | undefined;
  /** Digest of its tar. */
  readonly diffId: string;
  /** Its bytes as the descriptor names them, else its tar. They are not verified yet, unless a registry sends them. */
  open(signal: AbortSignal): Promise<Readable>;
}

/** An image for one platform, wherever it is. Its layers are read only when they are opened. */
export interface SourceImage {
  /** As the user named it. */
  readonly name: string;
  /** Where the registry is that has it; undefined where it is on this machine. */
  readonly reference: ImageReference | undefined;
  /** Of its manifest; undefined where it has none. */
  readonly descriptor: Descriptor | undefined;
  readonly configDescriptor: Descriptor;
  readonly configBytes: Uint8Array;
  readonly config: ImageConfig;
  /** Of its manifest; empty where it has none. */
  readonly annotations: Readonly<Record<string, string>>;
  /** From the bottom. */
  readonly layers: readonly SourceLayer[];
  /** What it is offered for; empty where there is only the one. */
  readonly platforms: readonly DescriptorPlatform[];
}

/** How an image is looked for. */
export interface SourceOptions {
  readonly client: RegistryClient;
  readonly signal: AbortSignal;
  /** What it must run on. Undefined: this machine's, else the first there is. */
  readonly platform: DescriptorPlatform | undefined;
}

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

/** The error for an image that is not where its name says. */
export function notFound(name: string, why: string): KtsError {
  return new KtsError("KTS_IMAGE_NOT_FOUND", `There is no image ${name}: ${why}.`);
}

/**
 * Reads a document of an image.
 * @throws KtsError KTS_IMAGE_NOT_FOUND when it is not one
 */
export function documentOf<T>(name: string, what: string, bytes: Uint8Array): T {
  try {
    const document = readDocument<T>(bytes);
    if (typeof document === "object" && document !== null) return document;
  } catch (error) {
    if (isKtsError(error)) throw error;
  }
  throw notFound(name, `its ${what} is not JSON`);
}

/** @throws KtsError when a configuration has not what an image needs */
export function checkConfig(name: string, config: ImageConfig, layers: number): ImageConfig {
  const ids: unknown = config.rootfs?.diff_ids;
  if (!Array.isArray(ids)) throw notFound(name, "it is no image that a container could run");
  if (ids.length !== layers)
    throw notFound(name, `it has ${layers} layers, and its configuration ${ids.length}`);
  return config;
}
