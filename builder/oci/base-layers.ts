import { Verifier } from "../registry/digest.ts";
import { KtsError } from "../../contract/errors.ts";
import type { BaseLayer } from "./assemble.ts";
import type { BlobStore } from "./blob-store.ts";
import type { SourceImage, SourceLayer } from "./source.ts";
import { compressLayer } from "./lay-layer.ts";
import { MEDIA_TYPES } from "./spec.ts";

/**
 * The base's layers as the image's manifest names them. Those of a registry stay there until somebody needs their
 * bytes; those of a folder or a tarball go into the store, as nobody knows how long that stays as it is.
 */
export async function baseLayers(
  store: BlobStore,
  base: SourceImage,
  signal: AbortSignal,
): Promise<readonly BaseLayer[]> {
  const layers: BaseLayer[] = [];
  for (const layer of base.layers) layers.push(await baseLayer(store, base, layer, signal));
  return layers;
}

async function baseLayer(
  store: BlobStore,
  base: SourceImage,
  layer: SourceLayer,
  signal: AbortSignal,
): Promise<BaseLayer> {
  const { descriptor, diffId } = layer;
  if (descriptor === undefined) {
    const open = async () =>
      (await layer.open(signal)).pipe(new Verifier({ digest: diffId, size: undefined }, damaged(base)));
    const blob = await compressLayer(store, diffId, open, signal);
    return { descriptor: { mediaType: MEDIA_TYPES.layerGzip, ...blob }, diffId };
  }
  if (base.reference === undefined && !(await store.has(descriptor))) {
    await store.putVerified(descriptor, await layer.open(signal), signal);
  }
  return { descriptor, diffId };
}

function damaged({ name }: SourceImage): (problem: string) => Error {
  return (problem) =>
    new KtsError("KTS_BUILD_INPUT", `The base ${name} is damaged: a layer has ${problem}.`, {
      hint: "Fetch or export it again.",
    });
}
