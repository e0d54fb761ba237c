import type { KubeObject } from "../../cluster/cluster.ts";
import type { Manifest } from "../../manifests/manifest.ts";
import { STOP_ANNOTATION, isToldToStop } from "./service-facts.ts";

/**
 * Whether applying a manifest has to start an InferenceService again that was stopped: who deploys wants it to run. Not
 * where the manifest itself says that it is to be stopped.
 * @param live as the cluster has it; undefined: there is none
 */
export function startsAgain({ kind, metadata }: Manifest, live: KubeObject | undefined): boolean {
  if (kind !== "InferenceService" || live === undefined) return false;
  return isToldToStop(live) && metadata.annotations?.[STOP_ANNOTATION] === undefined;
}

/** An object without the annotation that stops it. */
export function withoutStop({ metadata, ...members }: KubeObject): KubeObject {
  const { [STOP_ANNOTATION]: _, ...annotations } = metadata.annotations ?? {};
  const { annotations: __, ...rest } = metadata;
  return {
    ...members,
    metadata: { ...rest, ...(Object.keys(annotations).length > 0 && { annotations }) },
  } as KubeObject;
}
