import { KtsError } from "../../contract/errors.ts";
import type { Cluster, KubeObject } from "../cluster/cluster.ts";
import type { KserveFacts } from "../cluster/facts.ts";
import { RESOURCES } from "../cluster/resources.ts";
import { hasFeature, sinceVersion, versionText } from "../kserve-version.ts";
import { type ServiceName, findService } from "./service/find-service.ts";
import { SERVICE_LABEL, STOP_ANNOTATION, isStopped, isToldToStop } from "./service/service-facts.ts";
import { type WaitOptions, untilObjects } from "./service/until-objects.ts";

/** How a stop or a start is done. */
export interface StopOptions extends WaitOptions {
  /** Whether to wait until it has come about. Default true. */
  readonly wait?: boolean;
}

/** What a stop did. */
export interface Stopped {
  readonly name: string;
  readonly namespace: string;
  /** `unchanged`: it was stopped already. */
  readonly outcome: "stopped" | "stopping" | "unchanged";
  /** Names of the pods that were there. */
  readonly pods: readonly string[];
}

/** What a start did. */
export interface Started {
  readonly name: string;
  readonly namespace: string;
  /** `unchanged`: it was not stopped. */
  readonly outcome: "starting" | "unchanged";
  /** As the server has it, for `waitUntilReady`. */
  readonly service: KubeObject;
}

/**
 * Stops an InferenceService: its pods, Services and autoscaler go, its specification stays.
 * @throws KtsError KTS_DEPLOY_INVALID where this KServe cannot, KTS_SERVICE_NOT_FOUND, KTS_ROLLOUT_TIMEOUT
 */
export async function stopService(
  cluster: Cluster,
  target: ServiceName,
  facts: KserveFacts,
  options: StopOptions,
): Promise<Stopped> {
  const { wait = true, signal } = options;
  const service = await findService(cluster, target, signal);
  const { name, namespace } = service.metadata;
  requireStop(facts, name);
  const podQuery = { namespace, labels: `${SERVICE_LABEL}=${name}` };
  const pods = (await cluster.list(RESOURCES.pod, podQuery, signal)).items.map((pod) => pod.metadata.name);
  const done = { name, namespace, pods };
  if (isToldToStop(service) && isStopped(service) && pods.length === 0)
    return { ...done, outcome: "unchanged" };
  await annotate(cluster, service, "true", signal);
  if (!wait) return { ...done, outcome: "stopping" };
  await untilObjects(cluster, RESOURCES.inferenceService, byName(service), stopMissing, options);
  await untilObjects(cluster, RESOURCES.pod, podQuery, podsMissing, options);
  return { ...done, outcome: "stopped" };
}

/**
 * Starts an InferenceService that was stopped. Whether it comes up is for `waitUntilReady`.
 * @throws KtsError KTS_DEPLOY_INVALID where this KServe cannot, KTS_SERVICE_NOT_FOUND
 */
export async function startService(
  cluster: Cluster,
  target: ServiceName,
  facts: KserveFacts,
  signal?: AbortSignal,
): Promise<Started> {
  const service = await findService(cluster, target, signal);
  const { name, namespace } = service.metadata;
  requireStop(facts, name);
  if (!isToldToStop(service)) return { name, namespace, outcome: "unchanged", service };
  const started = await annotate(cluster, service, null, signal);
  return { name, namespace, outcome: "starting", service: started };
}

function requireStop({ version }: KserveFacts, name: string): void {
  if (hasFeature(version, "stopAnnotation")) return;
  const message =
    `${name} cannot be stopped or started: KServe ${versionText(version)} has no such state ` +
    `(there is one since ${sinceVersion("stopAnnotation")}), and its autoscaler keeps a replica at least`;
  throw new KtsError("KTS_DEPLOY_INVALID", message, {
    hint: "Update KServe; on Knative, deploy it with minReplicas: 0, so that it has pods only while it is asked.",
  });
}

function annotate(cluster: Cluster, { metadata }: KubeObject, value: "true" | null, signal?: AbortSignal) {
  const change = { metadata: { annotations: { [STOP_ANNOTATION]: value } } };
  return cluster.patch(RESOURCES.inferenceService, metadata, change, signal);
}

function byName({ metadata: { name, namespace } }: KubeObject) {
  return { namespace, fields: `metadata.name=${name}` };
}

function stopMissing([service]: readonly KubeObject[]): string | undefined {
  return service === undefined || isStopped(service) ? undefined : "KServe to say that it is stopped";
}

function podsMissing(pods: readonly KubeObject[]): string | undefined {
  if (pods.length === 0) return undefined;
  return `${pods.map((pod) => pod.metadata.name).join(", ")} to end`;
}
