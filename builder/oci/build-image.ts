import type { BuiltImage, WorkOptions } from "../engine.ts";
import type { BuildPlan } from "../plan/build-plan.ts";
import { LABELS } from "../plan/labels.ts";
import { formatReference, parseReference } from "../registry/reference.ts";
import { digestOf } from "../registry/digest.ts";
import type { RegistryClient } from "../registry/registry-client.ts";
import { type BaseLayer, assemble } from "./assemble.ts";
import { baseLayers } from "./base-layers.ts";
import type { BlobStore } from "./blob-store.ts";
import { type ImageRecord, keepRecord, wholeRecord } from "./image-record.ts";
import { openImage } from "./image-source.ts";
import type { SourceImage } from "./source.ts";
import { type LaidLayer, keptLayer, layLayer } from "./lay-layer.ts";
import { type Descriptor, MEDIA_TYPES } from "./spec.ts";

/** What a build needs. */
export interface Build {
  readonly store: BlobStore;
  readonly client: RegistryClient;
  readonly epochSeconds: number;
  readonly options: WorkOptions;
}

/** Lays a plan's layers on its base. Nothing is made that the store has already. */
export async function buildImage(plan: BuildPlan, name: string, build: Build): Promise<BuiltImage> {
  const { store, client, epochSeconds, options } = build;
  const reference = formatReference({ ...parseReference(name), digest: undefined });
  const count = plan.layers.length + 2;
  const step = (index: number, its: string): void =>
    options.report({ kind: "step", step: its, index, count });

  step(1, "base");
  const base = await openImage(plan.base, { client, signal: options.signal, platform: plan.platform });
  const key = buildKey(plan, base, epochSeconds);
  const before = await store.note<{ id: string; references: string[] }>("builds", key);
  const known = before === undefined ? undefined : await wholeRecord(store, before.id);
  if (before !== undefined && known !== undefined) {
    options.report({ kind: "unchanged", step: "base" });
    const isNamed = before.references.includes(reference);
    if (!isNamed)
      await store.keep("builds", key, { ...before, references: [...before.references, reference] });
    return builtImage(known, reference, plan, isNamed);
  }
  const below = await baseLayers(store, base, options.signal);
  const layers: LaidLayer[] = [];
  for (const [at, layer] of plan.layers.entries()) {
    step(at + 2, layer.name);
    const kept = await keptLayer(store, layer, { epochSeconds });
    if (kept !== undefined) options.report({ kind: "unchanged", step: layer.name });
    const progress = (doneBytes: number): void =>
      options.report({
        kind: "transfer",
        step: layer.name,
        what: layer.name,
        doneBytes: Math.min(doneBytes, layer.bytes),
        totalBytes: layer.bytes,
      });
    layers.push(kept ?? (await layLayer(store, layer, { epochSeconds, signal: options.signal }, progress)));
  }
  step(count, "image");
  const record = await recordImage(plan, base, below, layers, build);
  await store.keep("builds", key, { id: record.config.digest, references: [reference] });
  return builtImage(record, reference, plan, false);
}

async function recordImage(
  plan: BuildPlan,
  base: SourceImage,
  below: readonly BaseLayer[],
  layers: readonly LaidLayer[],
  { store, epochSeconds }: Build,
): Promise<ImageRecord> {
  const sbom = plan.sbom === undefined ? undefined : await storeSbom(store, plan.sbom);
  const labels = {
    ...nodeVersionOf(base),
    ...plan.image.labels,
    ...(sbom !== undefined && { [LABELS.sbom]: sbom.digest }),
  };
  const settings = { image: { ...plan.image, labels } };
  const image = assemble(base, below, settings, layers, epochSeconds);
  await store.put(image.config);
  await store.put(image.manifest);
  const { reference } = base;
  const record: ImageRecord = {
    manifest: image.manifestDescriptor,
    config: image.configDescriptor,
    layers: [
      ...below.map(({ descriptor }) => ({ name: undefined, descriptor, bytes: descriptor.size })),
      ...layers.map(({ name, descriptor, tarBytes }) => ({ name, descriptor, bytes: tarBytes })),
    ],
    base: reference && { registry: reference.registry, repository: reference.repository },
    sbom,
    labels: { ...base.config.config?.Labels, ...labels },
  };
  await keepRecord(store, record);
  return record;
}

/** Node's own images say which one they have; nothing is run here to ask another. */
function nodeVersionOf({ config }: SourceImage): Record<string, string> {
  const line = (config.config?.Env ?? []).find((each) => each.startsWith("NODE_VERSION="));
  return line === undefined ? {} : { [LABELS.nodeVersion]: line.slice("NODE_VERSION=".length) };
}

async function storeSbom(store: BlobStore, bytes: Uint8Array): Promise<Descriptor> {
  return { mediaType: MEDIA_TYPES.cyclonedx, ...(await store.put(bytes)) };
}

/** What an image depends on, beside what the plan's hash is of: the base as it is now, and the times. */
function buildKey(plan: BuildPlan, base: SourceImage, epochSeconds: number): string {
  const manifest = base.descriptor?.digest ?? base.configDescriptor.digest;
  const sbom = plan.sbom === undefined ? "" : digestOf(plan.sbom);
  return ["1", plan.hash, manifest, base.reference?.repository ?? "", epochSeconds, sbom].join(" ");
}

function builtImage(record: ImageRecord, reference: string, plan: BuildPlan, unchanged: boolean): BuiltImage {
  return {
    reference,
    id: record.config.digest,
    platform: plan.platform,
    layers: record.layers.map(({ name, bytes }) => ({ name, bytes })),
    labels: record.labels,
    unchanged,
  };
}
