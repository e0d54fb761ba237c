import { KtsError } from "../../../contract/errors.ts";
import type { Cluster, KubeObject, ObjectQuery } from "../../cluster/cluster.ts";
import type { Resource } from "../../cluster/resources.ts";

/** How long a change is waited for. */
export interface WaitOptions {
  /** Milliseconds. */
  readonly timeoutMs: number;
  /** Ends the waiting with its reason. */
  readonly signal?: AbortSignal;
  /** Is told what is still missing, each time that changes. */
  readonly onWaiting?: (missing: string) => void;
}

/**
 * Watches objects until nothing is missing.
 * @param missingOf what is missing yet, in words that go behind "waiting for"; undefined: nothing
 * @throws KtsError KTS_ROLLOUT_TIMEOUT with what is missing, and what `Cluster` throws
 */
export async function untilObjects(
  cluster: Cluster,
  resource: Resource,
  query: ObjectQuery,
  missingOf: (objects: readonly KubeObject[]) => string | undefined,
  { timeoutMs, signal, onWaiting }: WaitOptions,
): Promise<void> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const watching = new AbortController();
  const ends = AbortSignal.any([timeout, watching.signal, ...(signal === undefined ? [] : [signal])]);
  let missing: string | undefined = "the cluster";
  const look = (objects: Iterable<KubeObject>): boolean => {
    const now = missingOf([...objects]);
    if (now !== undefined && now !== missing) onWaiting?.(now);
    missing = now;
    return now === undefined;
  };
  try {
    const { items, resourceVersion } = await cluster.list(resource, query, ends);
    const objects = new Map(items.map((item) => [keyOf(item), item]));
    if (look(objects.values())) return;
    for await (const { type, object } of cluster.watch(resource, { ...query, resourceVersion }, ends)) {
      if (type === "DELETED") objects.delete(keyOf(object));
      else objects.set(keyOf(object), object);
      if (look(objects.values())) return;
    }
    ends.throwIfAborted();
  } catch (error) {
    signal?.throwIfAborted();
    if (!timeout.aborted) throw error;
    throw new KtsError(
      "KTS_ROLLOUT_TIMEOUT",
      `after ${Math.round(timeoutMs / 1000)} s still waiting for ${missing}`,
    );
  } finally {
    watching.abort();
  }
}

/**
 * Watches an object that was deleted until it is gone. One of the same name may have been made since: it is told by its uid.
 * @throws KtsError as `untilObjects`
 */
export function untilLetGo(
  cluster: Cluster,
  resource: Resource,
  { metadata: { name, namespace, uid } }: KubeObject,
  options: WaitOptions,
): Promise<void> {
  const query = { namespace, fields: `metadata.name=${name}` };
  const missing = (found: readonly KubeObject[]) =>
    found.some(({ metadata }) => metadata.uid === uid) ? "KServe to let it go" : undefined;
  return untilObjects(cluster, resource, query, missing, options);
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}
