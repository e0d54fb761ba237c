import type { BuiltImage } from "../engine.ts";
import type { LayerName } from "../plan/build-plan.ts";
import { KtsError } from "../../contract/errors.ts";
import type { BlobStore } from "./blob-store.ts";
import type { Descriptor, DescriptorPlatform } from "./spec.ts";

/** What the store knows of an image that was built: with its blobs, all that a push or an export needs. */
export interface ImageRecord {
  readonly manifest: Descriptor & { readonly platform: DescriptorPlatform };
  readonly config: Descriptor;
  /** From the bottom. */
  readonly layers: readonly RecordedLayer[];
  /** The repository that has the base's layers; undefined where they are in the store. */
  readonly base: { readonly registry: string; readonly repository: string } | undefined;
  /** The list of its dependencies, which is attached to it; undefined where it has none. */
  readonly sbom: Descriptor | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

/** A layer of an image. */
export interface RecordedLayer {
  /** Undefined: of the base. */
  readonly name: LayerName | undefined;
  readonly descriptor: Descriptor;
  /** Bytes as the result shows them. */
  readonly bytes: number;
}

const KIND = "images";

/** Notes an image under its id. */
export async function keepRecord(store: BlobStore, record: ImageRecord): Promise<void> {
  await store.keep(KIND, record.config.digest, record);
}

/** The record of an image that is whole in the store, but for the layers that its base's registry has. */
export async function wholeRecord(store: BlobStore, id: string): Promise<ImageRecord | undefined> {
  const record = await store.note<ImageRecord>(KIND, id);
  if (record === undefined) return undefined;
  const own = record.layers.filter(({ name }) => name !== undefined || record.base === undefined);
  const { manifest, config, sbom } = record;
  const needed = [
    manifest,
    config,
    ...(sbom === undefined ? [] : [sbom]),
    ...own.map(({ descriptor }) => descriptor),
  ];
  const there = await Promise.all(needed.map((descriptor) => store.has(descriptor)));
  return there.includes(false) ? undefined : record;
}

/** The record of a built image. @throws KtsError KTS_IMAGE_NOT_FOUND when the store has lost it */
export async function recordOf(store: BlobStore, { id, reference }: BuiltImage): Promise<ImageRecord> {
  const record = await wholeRecord(store, id);
  if (record !== undefined) return record;
  throw new KtsError("KTS_IMAGE_NOT_FOUND", `The image ${reference} (${id}) is no longer on this machine.`, {
    hint: "Build it again.",
  });
}
