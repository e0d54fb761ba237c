import type { Cluster, KubeObject } from "../cluster/cluster.ts";
import { type Manifest, type Members, isPlainObject } from "../manifests/manifest.ts";
import { revealSecrets } from "../manifests/print.ts";
import { resourceOf } from "../rollout/apply.ts";
import { startsAgain, withoutStop } from "../rollout/service/starts-again.ts";

/** An object as it is, and as it would be. */
export interface ObjectDiff {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  /** Undefined: there is none. Values of a Secret are hidden. */
  readonly live: Members | undefined;
  readonly merged: Members;
}

/** Members that the server keeps its books with. */
const BOOKKEEPING = [
  "managedFields",
  "resourceVersion",
  "generation",
  "uid",
  "creationTimestamp",
  "ownerReferences",
  "finalizers",
];

/**
 * What applying manifests would change. The server itself says what would become of each (a dry run of server-side
 * apply, webhooks included), so that defaults are no differences.
 * @throws KtsError KTS_CLUSTER_*, as applying would
 */
export async function diffManifests(
  cluster: Cluster,
  manifests: readonly Manifest[],
  signal?: AbortSignal,
): Promise<readonly ObjectDiff[]> {
  return Promise.all(revealSecrets(manifests).map((manifest) => diffManifest(cluster, manifest, signal)));
}

async function diffManifest(
  cluster: Cluster,
  manifest: Manifest,
  signal: AbortSignal | undefined,
): Promise<ObjectDiff> {
  const { kind, metadata } = manifest;
  const { name, namespace } = metadata;
  const resource = resourceOf(manifest);
  const [live, { object }] = await Promise.all([
    cluster.get(resource, { name, namespace }, signal),
    cluster.apply(resource, manifest, { dryRun: true, ...(signal !== undefined && { signal }) }),
  ]);
  const isSecret = kind === "Secret";
  const before = live === undefined ? undefined : withoutBooks(live);
  const after = withoutBooks(startsAgain(manifest, live) ? withoutStop(object) : object);
  return {
    kind,
    name,
    namespace,
    live: isSecret && before !== undefined ? hidden(before, after, "before") : before,
    merged: isSecret ? hidden(after, before, "after") : after,
  };
}

function withoutBooks(object: KubeObject): Members {
  const { status: _, metadata, ...rest } = object;
  const { annotations, ...kept } = Object.fromEntries(
    Object.entries(metadata).filter(([key]) => !BOOKKEEPING.includes(key)),
  );
  const { "kubectl.kubernetes.io/last-applied-configuration": __, ...shown } = (annotations ?? {}) as Members;
  return {
    ...rest,
    metadata: { ...kept, ...(Object.keys(shown).length > 0 && { annotations: shown }) },
  };
}

/** A Secret with its values hidden; those that differ are told apart. */
function hidden(secret: Members, other: Members | undefined, which: string): Members {
  const result: Record<string, unknown> = { ...secret };
  for (const member of ["data", "stringData"]) {
    const values = secret[member];
    if (!isPlainObject(values)) continue;
    const others = isPlainObject(other?.[member]) ? other[member] : {};
    const entries = Object.entries(values).map(([key, value]) => {
      const same = other === undefined || others[key] === undefined || others[key] === value;
      return [key, same ? "(hidden)" : `(hidden, ${which})`];
    });
    result[member] = Object.fromEntries(entries);
  }
  return result;
}
