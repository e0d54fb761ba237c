import type { Cluster, KubeObject, ObjectQuery } from "../cluster/cluster.ts";
import { RESOURCES } from "../cluster/resources.ts";

/** The pods of a query as they are now. Whoever needs a change of one waits for it here. */
export class PodBoard {
  readonly #pods = new Map<string, KubeObject>();
  #changed = Promise.withResolvers<void>();

  /** The pods, the oldest first. */
  get pods(): readonly KubeObject[] {
    return [...this.#pods.values()];
  }

  /** A pod as it is now; undefined once it is gone. */
  find(uid: string): KubeObject | undefined {
    return this.#pods.get(uid);
  }

  /** Resolves at the next change of any pod. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** Resolves at the next change of any pod, and at the latest after so many milliseconds. */
  async changedWithin(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => resolve(), { once: true });
    await Promise.race([promise, this.changed]);
    clearTimeout(timer);
  }

  /** Reads the pods once, and gives where watching goes on from. */
  async load(cluster: Cluster, query: ObjectQuery, signal: AbortSignal): Promise<string> {
    const { items, resourceVersion } = await cluster.list(RESOURCES.pod, query, signal);
    for (const pod of items.toSorted(byAge)) this.#pods.set(uidOf(pod), pod);
    return resourceVersion;
  }

  /** Keeps them up to date until the signal is aborted. */
  async watch(
    cluster: Cluster,
    query: ObjectQuery,
    resourceVersion: string,
    signal: AbortSignal,
  ): Promise<void> {
    for await (const { type, object } of cluster.watch(
      RESOURCES.pod,
      { ...query, resourceVersion },
      signal,
    )) {
      if (type === "DELETED") this.#pods.delete(uidOf(object));
      else this.#pods.set(uidOf(object), object);
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    }
  }
}

/** What tells a pod from a later one of its name. */
export function uidOf({ metadata }: KubeObject): string {
  return metadata.uid ?? metadata.name;
}

function byAge(a: KubeObject, b: KubeObject): number {
  const ages = [a, b].map(({ metadata }) => metadata.creationTimestamp ?? "");
  return (
    (ages[0] as string).localeCompare(ages[1] as string) || a.metadata.name.localeCompare(b.metadata.name)
  );
}
