import type { KubeObject } from "../cluster/cluster.ts";
import type { Manifest, Members } from "../manifests/manifest.ts";

/** A reference by which Kubernetes deletes an object with its owner. It does not hold the owner's own deletion up. */
export function ownerReference({ apiVersion, kind, metadata }: KubeObject): Members {
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid };
}

/** A manifest that goes with its owner; as it is where there is none yet. */
export function withOwner(manifest: Manifest, owner: KubeObject | undefined): Manifest {
  if (owner === undefined) return manifest;
  const ownerReferences = [ownerReference(owner)];
  return { ...manifest, metadata: { ...manifest.metadata, ownerReferences } as Manifest["metadata"] };
}
