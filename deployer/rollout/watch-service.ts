import { setTimeout as sleep } from "node:timers/promises";
import { KtsError, isKtsError } from "../../contract/errors.ts";
import type { Cluster, KubeObject, ObjectQuery } from "../cluster/cluster.ts";
import { RESOURCES, type Resource } from "../cluster/resources.ts";
import type {
  Deployment,
  InferenceService,
  KnativeRevision,
  KnativeService,
  KubeEvent,
  Pod,
  ReplicaSet,
} from "./kube-shapes.ts";
import { type Snapshot, isKnative } from "./snapshot.ts";

/** Which InferenceService. */
export interface ServiceTarget {
  readonly namespace: string;
  readonly name: string;
}

/** Objects of one kind, as they are now. */
type Shelf = Map<string, KubeObject>;

/**
 * Watches an InferenceService and all that KServe makes of it: one list and one watch for each kind. Kinds that may not
 * be read are left out and named in the snapshot; without the InferenceService itself there is nothing to watch.
 */
export class ServiceWatch implements AsyncDisposable {
  readonly #cluster: Cluster;
  readonly #target: ServiceTarget;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #shelves = new Map<string, Shelf>();
  readonly #unreadable: string[] = [];
  readonly #watches: Promise<void>[] = [];
  readonly #beganMs = performance.now();
  #changed = Promise.withResolvers<void>();
  #failure: unknown;
  #hasAutoscaler: boolean | undefined;

  private constructor(cluster: Cluster, target: ServiceTarget, signal: AbortSignal | undefined) {
    this.#cluster = cluster;
    this.#target = target;
    this.#signal = signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal]);
  }

  /**
   * Begins to watch.
   * @throws KtsError KTS_SERVICE_NOT_FOUND when there is no such InferenceService, and what the cluster's calls end with
   */
  static async open(cluster: Cluster, target: ServiceTarget, signal?: AbortSignal): Promise<ServiceWatch> {
    const watch = new ServiceWatch(cluster, target, signal);
    try {
      await watch.#begin();
    } catch (error) {
      await watch[Symbol.asyncDispose]();
      throw error;
    }
    return watch;
  }

  /** What is known now. */
  snapshot(): Snapshot {
    const of = <T extends KubeObject>({ plural, group }: Resource): readonly T[] =>
      [...(this.#shelves.get(`${group}/${plural}`)?.values() ?? [])] as T[];
    const [service] = of<InferenceService>(RESOURCES.inferenceService);
    if (service === undefined) throw this.#gone("was deleted while it was being waited for");
    const claims = new Set<string>();
    const pods = of<Pod>(RESOURCES.pod);
    for (const { spec } of pods) {
      for (const { persistentVolumeClaim } of spec?.volumes ?? []) {
        if (persistentVolumeClaim !== undefined) claims.add(persistentVolumeClaim.claimName);
      }
    }
    return {
      service,
      deployments: of<Deployment>(RESOURCES.deployment),
      replicaSets: of<ReplicaSet>(RESOURCES.replicaSet),
      pods,
      events: of<KubeEvent>(RESOURCES.event).filter(({ involvedObject: { kind, name = "" } = {} }) =>
        kind === "PersistentVolumeClaim" ? claims.has(name) : this.#isOurs(name),
      ),
      knativeServices: of<KnativeService>(RESOURCES.knativeService),
      knativeRevisions: of<KnativeRevision>(RESOURCES.knativeRevision),
      unreadable: this.#unreadable,
      ...(this.#hasAutoscaler !== undefined && { hasAutoscaler: this.#hasAutoscaler }),
      watchedMs: performance.now() - this.#beganMs,
      now: Date.now(),
    };
  }

  /** Resolves at the next change, or after so many milliseconds; rejects when a watch has failed. */
  async changed(timeoutMs: number): Promise<void> {
    this.#signal.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure;
    const timer = new AbortController();
    try {
      await Promise.race([
        this.#changed.promise,
        sleep(timeoutMs, undefined, { signal: AbortSignal.any([timer.signal, this.#signal]) }),
      ]);
    } catch (error) {
      this.#signal.throwIfAborted();
      throw error;
    } finally {
      timer.abort();
    }
    this.#changed = Promise.withResolvers<void>();
    if (this.#failure !== undefined) throw this.#failure;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#watches);
  }

  async #begin(): Promise<void> {
    const { namespace, name } = this.#target;
    const labels = `serving.kserve.io/inferenceservice=${name}`;
    const own: ObjectQuery = { namespace, fields: `metadata.name=${name}` };
    await this.#follow(RESOURCES.inferenceService, own, true);
    const [service] = this.#shelf(RESOURCES.inferenceService).values();
    if (service === undefined) throw this.#gone("is not deployed");
    const ofService: ObjectQuery = { namespace, labels };
    const kinds: [Resource, ObjectQuery][] = [
      [RESOURCES.deployment, ofService],
      [RESOURCES.replicaSet, ofService],
      [RESOURCES.pod, ofService],
      // Events carry no labels: those of others are left out as they come.
      [RESOURCES.event, { namespace }],
    ];
    // What says nothing of its mode may be on Knative by KServe's default.
    if (isKnative(service as InferenceService) !== false) {
      kinds.push([RESOURCES.knativeService, ofService], [RESOURCES.knativeRevision, ofService]);
    }
    await Promise.all([
      ...kinds.map(([resource, query]) => this.#follow(resource, query, false)),
      this.#findAutoscaler(),
    ]);
  }

  async #follow(resource: Resource, query: ObjectQuery, isNeeded: boolean): Promise<void> {
    const shelf = this.#shelf(resource);
    try {
      const { items, resourceVersion } = await this.#cluster.list(resource, query, this.#signal);
      for (const object of items) if (this.#isWanted(resource, object)) shelf.set(keyOf(object), object);
      // A kind that the server does not know is never going to have an object.
      if (items.length === 0 && resourceVersion === "") return;
      this.#watches.push(this.#watch(resource, { ...query, resourceVersion }, shelf));
    } catch (error) {
      if (isNeeded || !isDenied(error)) throw error;
      this.#unreadable.push(resource.plural);
    }
  }

  async #watch(
    resource: Resource,
    query: ObjectQuery & { readonly resourceVersion: string },
    shelf: Shelf,
  ): Promise<void> {
    try {
      for await (const { type, object } of this.#cluster.watch(resource, query, this.#signal)) {
        if (!this.#isWanted(resource, object)) continue;
        if (type === "DELETED") shelf.delete(keyOf(object));
        else shelf.set(keyOf(object), object);
        this.#changed.resolve();
      }
    } catch (error) {
      if (this.#signal.aborted) return;
      if (isDenied(error) && resource !== RESOURCES.inferenceService) this.#unreadable.push(resource.plural);
      else this.#failure = error;
      this.#changed.resolve();
    }
  }

  /** Whether nodes may come by themselves: what Cluster Autoscaler and Karpenter leave in a cluster says so. */
  async #findAutoscaler(): Promise<void> {
    const status = { namespace: "kube-system", name: "cluster-autoscaler-status" };
    try {
      const found = await Promise.all([
        this.#cluster.get(RESOURCES.configMap, status, this.#signal),
        this.#cluster.get(
          RESOURCES.customResourceDefinition,
          { name: "nodepools.karpenter.sh" },
          this.#signal,
        ),
      ]);
      this.#hasAutoscaler = found.some((object) => object !== undefined);
    } catch (error) {
      // Who may not look there cannot tell.
      if (this.#signal.aborted || !isDenied(error)) throw error;
    }
  }

  #shelf({ group, plural }: Resource): Shelf {
    const key = `${group}/${plural}`;
    const shelf = this.#shelves.get(key) ?? new Map<string, KubeObject>();
    this.#shelves.set(key, shelf);
    return shelf;
  }

  #isWanted(resource: Resource, object: KubeObject): boolean {
    if (resource !== RESOURCES.event) return true;
    const { kind, name = "" } = (object as KubeEvent).involvedObject ?? {};
    return kind === "PersistentVolumeClaim" || this.#isOurs(name);
  }

  #isOurs(objectName: string): boolean {
    return objectName === this.#target.name || objectName.startsWith(`${this.#target.name}-`);
  }

  #gone(what: string): KtsError {
    const { name, namespace } = this.#target;
    return new KtsError("KTS_SERVICE_NOT_FOUND", `${name} ${what} (namespace ${namespace}).`);
  }
}

function keyOf({ metadata }: KubeObject): string {
  return metadata.uid ?? metadata.name;
}

function isDenied(error: unknown): boolean {
  return isKtsError(error) && error.code === "KTS_CLUSTER_DENIED";
}
