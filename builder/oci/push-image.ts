import type { WorkOptions } from "../engine.ts";
import type { ImageReference } from "../registry/reference.ts";
import { attach } from "../registry/referrers.ts";
import type { RegistryClient } from "../registry/registry-client.ts";
import { isKtsError } from "../../contract/errors.ts";
import type { BlobStore } from "./blob-store.ts";
import { ImageBlobs } from "./image-blobs.ts";
import type { ImageRecord, RecordedLayer } from "./image-record.ts";
import { type Descriptor, MEDIA_TYPES } from "./spec.ts";

/** The step that a push is told under. */
export const PUSH_STEP = "push";
/** Layers that are sent at the same time. */
const LANES = 3;

/** What a push needs. */
export interface Push {
  readonly store: BlobStore;
  readonly client: RegistryClient;
  readonly options: WorkOptions;
}

/**
 * Sends an image's blobs, then its manifest under the reference's tag, or its digest where that has none.
 * @returns bytes sent
 */
export async function pushImage(record: ImageRecord, target: ImageReference, push: Push): Promise<number> {
  const { client, options, store } = push;
  const { signal, report } = options;
  if (await isThere(client, target, record.manifest, signal)) {
    report({ kind: "unchanged", step: PUSH_STEP });
    return 0;
  }
  let sentBytes = await pushLayers(record, target, push);
  const config = await client.pushBlob(target, store.source(record.config), { signal });
  if (config === "sent") sentBytes += record.config.size;
  const bytes = await store.read(record.manifest.digest);
  await client.putManifest({ ...target, digest: undefined }, bytes, MEDIA_TYPES.manifest, signal);
  sentBytes += bytes.length;
  if (record.sbom !== undefined) sentBytes += await pushSbom(record.sbom, record.manifest, target, push);
  return sentBytes;
}

/** Whether the name stands for this very image already. */
async function isThere(
  client: RegistryClient,
  target: ImageReference,
  { digest }: Descriptor,
  signal: AbortSignal,
): Promise<boolean> {
  const named = target.tag === undefined ? { ...target, digest } : { ...target, digest: undefined };
  try {
    return (await client.resolve(named, signal)).digest === digest;
  } catch (error) {
    // Who may push need not be allowed to pull; what may be pushed is found out by pushing.
    if (isKtsError(error) && (error.code === "KTS_IMAGE_NOT_FOUND" || error.code === "KTS_REGISTRY_DENIED"))
      return false;
    throw error;
  }
}

async function pushLayers(record: ImageRecord, target: ImageReference, push: Push): Promise<number> {
  const { store, client, options } = push;
  const failing = new AbortController();
  const signal = AbortSignal.any([options.signal, failing.signal]);
  const blobs = new ImageBlobs(store, client, record, signal);
  const waiting = distinct(record.layers);
  let sentBytes = 0;
  const lane = async (): Promise<void> => {
    for (let layer = waiting.shift(); layer !== undefined; layer = waiting.shift()) {
      sentBytes += await pushLayer(layer, record, target, blobs, {
        ...push,
        options: { ...options, signal },
      });
    }
  };
  // The first failure ends the others, and is the one that is told.
  const lanes = Array.from({ length: LANES }, () =>
    lane().catch((error: unknown) => {
      failing.abort(error);
      throw error;
    }),
  );
  const [failed] = (await Promise.allSettled(lanes)).filter(({ status }) => status === "rejected");
  if (failed !== undefined) throw options.signal.aborted ? options.signal.reason : failing.signal.reason;
  return sentBytes;
}

async function pushLayer(
  layer: RecordedLayer,
  { base }: ImageRecord,
  target: ImageReference,
  blobs: ImageBlobs,
  { store, client, options: { signal, report } }: Push,
): Promise<number> {
  const { descriptor } = layer;
  const what = layer.name ?? "base";
  const key = `${target.registry} ${descriptor.digest}`;
  const isOfBase = layer.name === undefined && base?.registry === target.registry;
  // Who pushed it to another repository of the registry before need not send it again.
  const from = isOfBase ? base?.repository : await store.note<string>("pushed", key);
  const outcome = await client.pushBlob(target, blobs.source(layer), {
    signal,
    mountFrom: from === target.repository ? undefined : from,
    onBytes: (doneBytes) =>
      report({ kind: "transfer", step: PUSH_STEP, what, doneBytes, totalBytes: descriptor.size }),
  });
  if (outcome !== "there") await store.keep("pushed", key, target.repository);
  const words = { there: "there already", mounted: "taken over from another repository", sent: "sent" }[
    outcome
  ];
  report({ kind: "output", step: PUSH_STEP, line: `${what} ${descriptor.digest.slice(7, 19)}: ${words}` });
  return outcome === "sent" ? descriptor.size : 0;
}

async function pushSbom(
  sbom: Descriptor,
  subject: Descriptor,
  target: ImageReference,
  { store, client, options: { signal } }: Push,
): Promise<number> {
  const artifact = { type: sbom.mediaType, bytes: await store.read(sbom.digest) };
  return (await attach(client, target, subject, artifact, signal)).sentBytes;
}

/** A layer may be in an image twice; the larger ones go first, so that none is left at the end alone. */
function distinct(layers: readonly RecordedLayer[]): RecordedLayer[] {
  const byDigest = new Map(layers.map((layer) => [layer.descriptor.digest, layer]));
  return [...byDigest.values()].sort((a, b) => b.descriptor.size - a.descriptor.size);
}
