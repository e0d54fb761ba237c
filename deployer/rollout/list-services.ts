import type { Cluster, KubeObject } from "../cluster/cluster.ts";
import { RESOURCES } from "../cluster/resources.ts";
import { requireKserve } from "./service/find-service.ts";
import { isReadyPod } from "../pods/service-pods.ts";
import {
  type CanaryFacts,
  SERVICE_LABEL,
  byPlace,
  canariesOf,
  conditionOf,
  isOurs,
  isReady,
  isStopped,
  modeOf,
  predictorOf,
  predictorText,
  urlOf,
} from "./service/service-facts.ts";

/** An InferenceService in a list. */
export interface ServiceSummary {
  readonly name: string;
  readonly namespace: string;
  /** `stopped` and `deleting` are no failures; `unknown`: KServe says neither yes nor no. */
  readonly state: "ready" | "not ready" | "stopped" | "deleting" | "unknown";
  /** Why it is not ready, in KServe's words. */
  readonly reason?: string;
  /** Undefined where the cluster does not say. */
  readonly mode?: "Standard" | "Knative";
  /** What answers: the server's image, or the model's format and URI. */
  readonly predictor: string;
  /** Pods of all its components that are ready; undefined where pods may not be listed. */
  readonly readyReplicas?: number;
  readonly replicas?: number;
  readonly canaries: readonly CanaryFacts[];
  readonly url?: string;
  /** When it was made, as ISO 8601. */
  readonly createdAt?: string;
  /** Whether kserve-ts made it. */
  readonly isOurs: boolean;
}

/**
 * The InferenceServices of a namespace, by name.
 * @param namespace default: the cluster's own; `*`: of every one
 * @throws KtsError KTS_KSERVE_MISSING where the cluster knows none, and what `Cluster` throws
 */
export async function listServices(
  cluster: Cluster,
  { namespace, signal }: { readonly namespace?: string; readonly signal?: AbortSignal } = {},
): Promise<readonly ServiceSummary[]> {
  const query = namespace === undefined ? {} : { namespace };
  const [services, pods] = await Promise.all([
    cluster.list(RESOURCES.inferenceService, query, signal),
    // One may be allowed to look at InferenceServices and not at pods.
    cluster.list(RESOURCES.pod, { ...query, labels: SERVICE_LABEL }, signal).catch(() => undefined),
  ]);
  if (services.items.length === 0) await requireKserve(cluster, signal);
  return services.items.map((service) => summarize(service, pods?.items)).toSorted(byPlace);
}

/** What a list says of an InferenceService. @param pods those of its namespace, and perhaps others */
export function summarize(service: KubeObject, pods: readonly KubeObject[] | undefined): ServiceSummary {
  const { name, namespace, creationTimestamp } = service.metadata;
  const mode = modeOf(service);
  const url = urlOf(service);
  const reason = conditionOf(service, "Ready")?.reason ?? conditionOf(service, "Ready")?.message;
  const state = stateOf(service);
  return {
    name,
    namespace,
    state,
    ...(reason !== undefined && state !== "ready" && { reason }),
    ...(mode !== undefined && { mode }),
    predictor: predictorText(predictorOf(service)),
    ...(pods !== undefined && replicasOf(service, pods)),
    canaries: canariesOf(service),
    ...(url !== undefined && { url }),
    ...(creationTimestamp !== undefined && { createdAt: creationTimestamp }),
    isOurs: isOurs(service),
  };
}

function stateOf(service: KubeObject): ServiceSummary["state"] {
  if (service.metadata.deletionTimestamp !== undefined) return "deleting";
  if (isStopped(service)) return "stopped";
  if (isReady(service)) return "ready";
  return conditionOf(service, "Ready")?.status === "False" ? "not ready" : "unknown";
}

function replicasOf({ metadata }: KubeObject, pods: readonly KubeObject[]) {
  const own = pods.filter(
    (pod) =>
      pod.metadata.namespace === metadata.namespace &&
      pod.metadata.labels?.[SERVICE_LABEL] === metadata.name &&
      pod.metadata.deletionTimestamp === undefined,
  );
  return { readyReplicas: own.filter(isReadyPod).length, replicas: own.length };
}
