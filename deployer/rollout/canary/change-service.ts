import type { Cluster, KubeObject } from "../../cluster/cluster.ts";
import { RESOURCES } from "../../cluster/resources.ts";
import { type Manifest, type Members, isPlainObject } from "../../manifests/manifest.ts";
import { STOP_ANNOTATION, isOurs, specOf } from "../service/service-facts.ts";

/** Annotations that others keep for themselves, and that would be ours if they were applied. */
const FOREIGN: ReadonlySet<string> = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  STOP_ANNOTATION,
]);

/** An InferenceService that was changed. */
export interface ChangedService {
  /** As it was asked for. */
  readonly manifest: Manifest;
  /** As the server has it. */
  readonly service: KubeObject;
}

/**
 * Gives an InferenceService another specification in one update, if nobody has changed it since it was read.
 * @throws KtsError KTS_CLUSTER_REFUSED where it was changed, or KServe's webhook says no
 */
export async function changeService(
  cluster: Cluster,
  service: KubeObject,
  spec: Members,
  signal?: AbortSignal,
): Promise<ChangedService> {
  const { apiVersion, kind } = service;
  const { name, namespace, labels, annotations = {}, resourceVersion } = service.metadata;
  const kept = Object.entries(annotations).filter(([key]) => !FOREIGN.has(key));
  const metadata = {
    name,
    namespace,
    ...(labels !== undefined && { labels }),
    annotations: Object.fromEntries(kept),
  };
  const manifest: Manifest = { apiVersion, kind, metadata, spec };
  if (isOurs(service)) {
    const asRead: Manifest = {
      ...manifest,
      metadata: { ...metadata, resourceVersion } as Manifest["metadata"],
    };
    const options = signal === undefined ? {} : { signal };
    const { object } = await cluster.apply(RESOURCES.inferenceService, asRead, options);
    return { manifest, service: object };
  }
  // Applying would take it over from who made it, and would leave what is to go: others have set that.
  const change = { metadata: { resourceVersion }, spec: mergePatch(specOf(service), spec) };
  const patched = await cluster.patch(RESOURCES.inferenceService, service.metadata, change, signal);
  return { manifest, service: patched };
}

/** A JSON merge patch that makes one object of another. */
export function mergePatch(from: Members, to: Members): Members {
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(from)) if (!(key in to)) patch[key] = null;
  for (const [key, value] of Object.entries(to)) {
    const below = from[key];
    if (isPlainObject(value) && isPlainObject(below)) {
      const inner = mergePatch(below, value);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (JSON.stringify(value) !== JSON.stringify(below)) patch[key] = value;
  }
  return patch;
}
