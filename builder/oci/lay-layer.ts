import { Readable } from "node:stream";
import { Digester, digestOf } from "../registry/digest.ts";
import type { LayerName, PlannedLayer } from "../plan/build-plan.ts";
import type { BlobStore, StoredBlob } from "./blob-store.ts";
import { gzipStreams } from "./gzip.ts";
import { layerTar } from "./layer-tar.ts";
import { type Descriptor, MEDIA_TYPES } from "./spec.ts";

/** A layer that is ready to be part of an image. */
export interface LaidLayer {
  readonly name: LayerName;
  readonly descriptor: Descriptor;
  /** Digest of the tar before it is compressed. */
  readonly diffId: string;
  /** Bytes of that tar. */
  readonly tarBytes: number;
}

/** How layers are made. */
export interface LayerSettings {
  /** Time of every file. */
  readonly epochSeconds: number;
  readonly signal: AbortSignal;
}

/** Goes up when the same files would give another tar than before. */
const FORMAT = 1;

/** How much each layer is compressed: weights hardly shrink, and a model is large. */
const LEVELS: Readonly<Record<LayerName, number>> = {
  server: 9,
  dependencies: 6,
  model: 1,
  predictor: 9,
  config: 9,
};

/** A layer that was made already, as the store has it; undefined where it must be made. */
export async function keptLayer(
  store: BlobStore,
  layer: PlannedLayer,
  { epochSeconds }: Pick<LayerSettings, "epochSeconds">,
): Promise<LaidLayer | undefined> {
  const kept = await store.note<LaidLayer>("layers", layerKey(layer, epochSeconds));
  return kept !== undefined && (await store.has(kept.descriptor)) ? kept : undefined;
}

/**
 * Makes a layer's tar and compresses it, as a stream into the store.
 * @param onBytes called with the bytes of the tar so far
 * @throws KtsError KTS_BUILD_INPUT when a file has gone or changed its size; the signal's reason
 */
export async function layLayer(
  store: BlobStore,
  layer: PlannedLayer,
  { epochSeconds, signal }: LayerSettings,
  onBytes?: (bytes: number) => void,
): Promise<LaidLayer> {
  const tar = Readable.from(layerTar(layer, epochSeconds), { objectMode: false });
  const plain = new Digester(onBytes);
  const blob = await store.putStream([tar, plain, ...gzipStreams(LEVELS[layer.name])], signal);
  const laid: LaidLayer = {
    name: layer.name,
    descriptor: { mediaType: MEDIA_TYPES.layerGzip, ...blob },
    diffId: plain.digest,
    tarBytes: plain.bytes,
  };
  await store.keep("layers", layerKey(layer, epochSeconds), laid);
  return laid;
}

/** A layer of another tool that has no compressed form yet, as those of `docker save`. */
export async function compressLayer(
  store: BlobStore,
  diffId: string,
  open: () => Promise<NodeJS.ReadableStream>,
  signal: AbortSignal,
): Promise<StoredBlob> {
  const kept = await store.note<StoredBlob>("compressed", diffId);
  if (kept !== undefined && (await store.has(kept))) return kept;
  const blob = await store.putStream([await open(), ...gzipStreams(LEVELS.dependencies)], signal);
  await store.keep("compressed", diffId, blob);
  return blob;
}

function layerKey(layer: PlannedLayer, epochSeconds: number): string {
  return digestOf([FORMAT, layer.hash, LEVELS[layer.name], epochSeconds, process.versions.zlib].join(" "));
}
