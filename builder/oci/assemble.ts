import { pinnedReference } from "../registry/reference.ts";
import { digestOf } from "../registry/digest.ts";
import type { BuildPlan } from "../plan/build-plan.ts";
import { LABELS } from "../plan/labels.ts";
import { imageConfig } from "./image-config.ts";
import type { LaidLayer } from "./lay-layer.ts";
import type { SourceImage } from "./source.ts";
import {
  type Descriptor,
  type DescriptorPlatform,
  type ImageManifest,
  MEDIA_TYPES,
  documentBytes,
  ociLayerType,
  sorted,
} from "./spec.ts";

/** A layer of the base, as the image's manifest names it. */
export interface BaseLayer {
  readonly descriptor: Descriptor;
  readonly diffId: string;
}

/** An image's documents. With the layers they are the image. */
export interface AssembledImage {
  readonly manifest: Uint8Array;
  readonly manifestDescriptor: Descriptor & { readonly platform: DescriptorPlatform };
  readonly config: Uint8Array;
  readonly configDescriptor: Descriptor;
}

/** Puts an image together from its base and our layers. The same arguments give the same bytes. */
export function assemble(
  base: SourceImage,
  baseLayers: readonly BaseLayer[],
  plan: Pick<BuildPlan, "image">,
  layers: readonly LaidLayer[],
  epochSeconds: number,
): AssembledImage {
  const settings = imageConfig(base.config, plan, layers, epochSeconds);
  const config = documentBytes(settings);
  const configDescriptor: Descriptor = {
    mediaType: MEDIA_TYPES.config,
    digest: digestOf(config),
    size: config.length,
  };
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    config: configDescriptor,
    layers: [
      ...baseLayers.map(({ descriptor: { mediaType, digest, size } }) => ({
        mediaType: ociLayerType(mediaType),
        digest,
        size,
      })),
      ...layers.map(({ descriptor }) => descriptor),
    ],
    annotations: sorted({ ...baseAnnotations(base), ...ociLabels(plan.image.labels) }),
  };
  const bytes = documentBytes(manifest);
  const { os, architecture, variant } = settings;
  return {
    manifest: bytes,
    manifestDescriptor: {
      mediaType: MEDIA_TYPES.manifest,
      digest: digestOf(bytes),
      size: bytes.length,
      platform: { os, architecture, ...(variant !== undefined && { variant }) },
    },
    config,
    configDescriptor,
  };
}

/** Which base it is: for tools that look whether there is a newer one. A path of this machine says nothing elsewhere. */
function baseAnnotations({ reference, descriptor }: SourceImage): Record<string, string> {
  if (reference === undefined || descriptor === undefined) return {};
  const { registry, repository, tag } = reference;
  const name =
    tag === undefined ? pinnedReference(reference, descriptor.digest) : `${registry}/${repository}:${tag}`;
  return {
    "org.opencontainers.image.base.digest": descriptor.digest,
    [LABELS.baseName]: name,
  };
}

/** Registries show annotations, Docker labels: what OCI has names for is in both. */
function ociLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(labels);
  return Object.fromEntries(entries.filter(([name]) => name.startsWith("org.opencontainers.image.")));
}
