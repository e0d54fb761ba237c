import { KtsError } from "../../../contract/errors.ts";
import { nearest } from "../../../contract/nearest.ts";
import type { Cluster, KubeObject } from "../../cluster/cluster.ts";
import { RESOURCES } from "../../cluster/resources.ts";

/** Which InferenceService. */
export interface ServiceName {
  readonly name: string;
  /** Default: the cluster's own. */
  readonly namespace?: string;
}

/**
 * An InferenceService.
 * @throws KtsError KTS_SERVICE_NOT_FOUND with the names that are near, KTS_KSERVE_MISSING where the cluster has no
 *   InferenceServices at all, and what `Cluster` throws
 */
export async function findService(
  cluster: Cluster,
  name: ServiceName,
  signal?: AbortSignal,
): Promise<KubeObject> {
  const service = await cluster.get(RESOURCES.inferenceService, name, signal);
  if (service !== undefined) return service;
  throw await noService(cluster, name, signal);
}

async function noService(cluster: Cluster, { name, namespace }: ServiceName, signal?: AbortSignal) {
  const place = namespace ?? cluster.namespace;
  const { items } = await cluster.list(RESOURCES.inferenceService, { namespace: place }, signal);
  if (items.length === 0) await requireKserve(cluster, signal);
  const names = items.map((item) => item.metadata.name);
  return notFound(name, place, names);
}

/** No InferenceService of that name, with what there is instead. */
export function notFound(name: string, namespace: string, names: readonly string[]): KtsError {
  const near = nearest(name, names);
  const there =
    names.length === 0 ? "there is none" : `there ${names.length === 1 ? "is" : "are"} ${listText(names)}`;
  const hint = near.length > 0 ? `Did you mean ${near.join(" or ")}?` : undefined;
  return new KtsError(
    "KTS_SERVICE_NOT_FOUND",
    `no InferenceService ${name} in namespace ${namespace}: ${there}`,
    {
      ...(hint !== undefined && { hint }),
    },
  );
}

/** The first names of many. */
function listText(names: readonly string[]): string {
  const most = 8;
  const more = names.length - most;
  return names.slice(0, most).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** @throws KtsError KTS_KSERVE_MISSING where KServe's kinds are not there; a user who may not look is let through */
export async function requireKserve(cluster: Cluster, signal?: AbortSignal): Promise<void> {
  const name = "inferenceservices.serving.kserve.io";
  const kind = await cluster
    .get(RESOURCES.customResourceDefinition, { name }, signal)
    .catch((error: unknown) => {
      if (error instanceof KtsError && error.code === "KTS_CLUSTER_DENIED") return "unknown";
      throw error;
    });
  if (kind === undefined) {
    throw new KtsError(
      "KTS_KSERVE_MISSING",
      `the cluster ${cluster.server} has no InferenceServices: ${name} is not installed`,
    );
  }
}
