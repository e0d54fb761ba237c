import type { KubeObject, ObjectQuery } from "../cluster/cluster.ts";
import { listOf, membersOf } from "../members.ts";

/** Label of the pods of an InferenceService. */
const SERVICE_LABEL = "serving.kserve.io/inferenceservice";

/** Label of what a pod is of it: `predictor`, `transformer` or `explainer`. */
const COMPONENT_LABEL = "component";

/** The container that serves, as KServe names it; a transformer beside its predictor has the other name. */
export const SERVING_CONTAINERS: readonly string[] = ["kserve-container", "transformer-container"];

/** A query for the pods of an InferenceService, or of one component of it. */
export function podsOf(service: string, component?: string): ObjectQuery {
  const labels = `${SERVICE_LABEL}=${service}`;
  return { labels: component === undefined ? labels : `${labels},${COMPONENT_LABEL}=${component}` };
}

/** What a pod is of its InferenceService. */
export function componentOf(pod: KubeObject): string {
  return pod.metadata.labels?.[COMPONENT_LABEL] ?? "predictor";
}

/** Whether a pod takes requests: it is ready, and not about to end. */
export function isReadyPod(pod: KubeObject): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return false;
  const conditions = listOf(membersOf(pod["status"])["conditions"]);
  return conditions.some(({ type, status }) => type === "Ready" && status === "True");
}
