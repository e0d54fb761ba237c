import type { Readable } from "node:stream";
import { KtsError, isKtsError } from "../../contract/errors.ts";
import type { ImageReference } from "../registry/reference.ts";
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
