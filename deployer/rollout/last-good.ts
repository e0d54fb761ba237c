import { KtsError, isKtsError } from "../../contract/errors.ts";
import type { Cluster, KubeObject } from "../cluster/cluster.ts";
import { RESOURCES } from "../cluster/resources.ts";
import { OWN_LABELS } from "../manifests/access.ts";
import type { Manifest } from "../manifests/manifest.ts";
import { type InferenceService, conditionOf } from "./kube-shapes.ts";
import { withOwner } from "./owner.ts";
import { isSame } from "./same.ts";

/**
 * The specs of an InferenceService that became ready, the newest first, in a ConfigMap beside it. Not on the
 * InferenceService: KServe copies its annotations to the pods, and each deployment would start new ones. Secrets are
 * not among them, only their names; a value that was changed since stays changed.
 */
export interface GoodSpec {
  /** When it was seen to be ready, in ISO 8601. */
  readonly at: string;
  /** The InferenceService, as it was applied. */
  readonly manifest: Manifest;
}

/** What brought an earlier spec back. */
export interface Restored {
  /** What was applied. */
  readonly spec: GoodSpec;
  /** The InferenceService as the server has it now; its `metadata.generation` is to be waited for. */
  readonly service: KubeObject;
}

/** So many specs are kept. */
const KEPT = 5;

/** A ConfigMap holds 1 MiB. */
const MAX_BYTES = 900_000;

const KEY = "ready.json";

/** Annotations that others write, and that must not come back with an old spec. */
const FOREIGN_ANNOTATIONS: ReadonlySet<string> = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  "serving.kserve.io/stop",
]);

/** Name of the ConfigMap that keeps an InferenceService's specs. It has the InferenceService as its owner. */
export function recordName(service: string): string {
  return `${service}-kserve-ts`;
}

/** The specs that became ready, the newest first; none where there is no record. */
export async function goodSpecs(
  cluster: Cluster,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  signal?: AbortSignal,
): Promise<readonly GoodSpec[]> {
  const found = await cluster.get(RESOURCES.configMap, { namespace, name: recordName(name) }, signal);
  const { [KEY]: text = "[]" } = (found?.["data"] ?? {}) as Readonly<Record<string, string>>;
  try {
    return JSON.parse(text) as readonly GoodSpec[];
  } catch {
    // Somebody edited it: what cannot be read is no record.
    return [];
  }
}

/**
 * Keeps a spec as the last good one: to be called once it is ready. The same spec is kept once. Who may not write
 * ConfigMaps deploys all the same, and has nothing to go back to.
 * @param manifest the InferenceService as it was applied
 * @param service the same as the server has it
 * @returns whether it is kept
 */
export async function keepGood(
  cluster: Cluster,
  manifest: Manifest,
  service: KubeObject,
  signal?: AbortSignal,
): Promise<boolean> {
  try {
    await keep(cluster, manifest, service, signal);
    return true;
  } catch (error) {
    if (isKtsError(error) && error.code === "KTS_CLUSTER_DENIED") return false;
    throw error;
  }
}

async function keep(
  cluster: Cluster,
  manifest: Manifest,
  service: KubeObject,
  signal: AbortSignal | undefined,
): Promise<void> {
  const before = await goodSpecs(cluster, manifest.metadata, signal);
  const same = ({ manifest: old }: GoodSpec): boolean => isSame(old as KubeObject, manifest as KubeObject);
  if (before[0] !== undefined && same(before[0])) return;
  const spec: GoodSpec = { at: new Date().toISOString(), manifest };
  let specs = [spec, ...before.filter((old) => !same(old))].slice(0, KEPT);
  while (specs.length > 1 && JSON.stringify(specs).length > MAX_BYTES) specs = specs.slice(0, -1);
  const { name, namespace } = manifest.metadata;
  const record: Manifest = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: recordName(name), namespace, labels: OWN_LABELS },
    data: { [KEY]: `${JSON.stringify(specs, null, 1)}\n` },
  };
  await cluster.apply(RESOURCES.configMap, withOwner(record, service), signal && { signal });
}

/**
 * Keeps what runs before it is changed, where no record has it: deployed by other hands, or without waiting. What is
 * not ready is not worth going back to.
 */
export async function keepLive(cluster: Cluster, live: KubeObject, signal?: AbortSignal): Promise<void> {
  if (live.kind !== "InferenceService" || conditionOf(live as InferenceService, "Ready")?.status !== "True")
    return;
  const kept = await goodSpecs(cluster, live.metadata, signal).catch((error: unknown) => {
    if (isKtsError(error) && error.code === "KTS_CLUSTER_DENIED") return undefined;
    throw error;
  });
  if (kept?.length === 0) await keepGood(cluster, manifestOf(live), live, signal);
}

/** An object as one would apply it. */
function manifestOf({ apiVersion, kind, metadata, spec }: KubeObject): Manifest {
  const { name, namespace, labels, annotations = {} } = metadata;
  const own = Object.entries(annotations).filter(([key]) => !FOREIGN_ANNOTATIONS.has(key));
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      namespace,
      ...(labels !== undefined && { labels }),
      annotations: Object.fromEntries(own),
    },
    spec,
  };
}

/**
 * Applies the newest good spec that differs from what is asked for now: after a failed deployment the last good one,
 * after a good one the one before it.
 * @throws KtsError KTS_SERVICE_NOT_FOUND when the InferenceService is not there; KTS_DEPLOY_INVALID when there is no
 *   such spec; and what the cluster's calls end with
 */
export async function restoreLastGood(
  cluster: Cluster,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  signal?: AbortSignal,
): Promise<Restored> {
  const live = await cluster.get(RESOURCES.inferenceService, { namespace, name }, signal);
  if (live === undefined) {
    throw new KtsError("KTS_SERVICE_NOT_FOUND", `${name} is not deployed (namespace ${namespace}).`);
  }
  const resource = RESOURCES.inferenceService;
  for (const spec of await goodSpecs(cluster, { namespace, name }, signal)) {
    const dryRun = { dryRun: true, ...(signal !== undefined && { signal }) };
    const { object } = await cluster.apply(resource, spec.manifest, dryRun);
    if (isSame(object, live)) continue;
    const applied = await cluster.apply(resource, spec.manifest, signal && { signal });
    return { spec, service: applied.object };
  }
  throw new KtsError("KTS_DEPLOY_INVALID", `${name} has no earlier spec that was ready to go back to`, {
    hint: "A spec is kept once kserve-ts deploy has seen it ready.",
  });
}
