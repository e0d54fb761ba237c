import { conditionOf } from "./kube-shapes.ts";
import type { ContainerStatus, KubeCondition, Pod, ReplicaSet } from "./kube-shapes.ts";
import { isSettled, isUpToDate } from "./observed.ts";
import type { Condition, PodView, RolloutView } from "./progress.ts";
import {
  type Snapshot,
  type Workload,
  isKnativeService,
  isReady,
  newPods,
  newReplicaSets,
  observedWorkloads,
  workloadsOf,
} from "./snapshot.ts";

/** How a rollout stands. Pure: the same snapshot gives the same view. */
export function viewOf(snapshot: Snapshot): RolloutView {
  const { service } = snapshot;
  const fresh = new Set(newPods(snapshot).map(({ metadata }) => metadata.uid));
  const workloads = workloadsOf(snapshot);
  const observed = isBlind(snapshot)
    ? isSettled(snapshot)
    : workloads.length > 0 && observedWorkloads(snapshot).length === workloads.length;
  const revision = revisionIn(snapshot);
  const { url } = service.status ?? {};
  return {
    name: service.metadata.name,
    namespace: service.metadata.namespace,
    observed,
    ready: observed && isServing(snapshot),
    ...(revision !== undefined && { revision }),
    conditions: (service.status?.conditions ?? []).map(plainCondition),
    pods: snapshot.pods.map((pod) => podView(snapshot, pod, fresh.has(pod.metadata.uid))),
    ...(url !== undefined && url !== "" && { url }),
  };
}

/**
 * Whether everything that was asked for serves. `Ready` alone does not say so: it is still the old pods' while new ones
 * start, and old ones may serve beside them.
 */
function isServing(snapshot: Snapshot): boolean {
  const { service } = snapshot;
  if (conditionOf(service, "Ready")?.status !== "True") return false;
  const { canary = [] } = service.spec ?? {};
  if (canary.length > 0 && conditionOf(service, "CanaryPredictorReady")?.status !== "True") return false;
  if (isBlind(snapshot)) return true;
  return (
    workloadsOf(snapshot).length >= expectedWorkloads(snapshot) && workloadsOf(snapshot).every(isComplete)
  );
}

/** Whether one may not see what the InferenceService is made of, so that its conditions have to do. */
function isBlind({ unreadable }: Snapshot): boolean {
  return unreadable.includes("deployments");
}

function expectedWorkloads({ service }: Snapshot): number {
  const { transformer, explainer, canary = [] } = service.spec ?? {};
  return 1 + [transformer, explainer].filter((component) => component !== undefined).length + canary.length;
}

/** Whether a workload runs as it was asked for, and nothing of an earlier one does. */
function isComplete(workload: Workload): boolean {
  if (!isUpToDate(workload)) return false;
  if (isKnativeService(workload)) {
    const { latestCreatedRevisionName, latestReadyRevisionName } = workload.status ?? {};
    return (
      conditionOf(workload, "Ready")?.status === "True" &&
      latestCreatedRevisionName !== undefined &&
      latestCreatedRevisionName === latestReadyRevisionName
    );
  }
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = workload.status ?? {};
  const asked = workload.spec?.replicas ?? 1;
  return updatedReplicas >= asked && replicas === updatedReplicas && availableReplicas >= asked;
}

/** The predictor's revision, or that of the canary beside it. */
function revisionIn(snapshot: Snapshot): string | undefined {
  const [knative] = observedWorkloads(snapshot).filter(isKnativeService);
  if (knative !== undefined) return knative.status?.latestCreatedRevisionName;
  const replicaSets = newReplicaSets(snapshot).toSorted(byAge);
  const predictors = replicaSets.filter(({ metadata }) => metadata.labels?.["component"] === "predictor");
  return (predictors.at(-1) ?? replicaSets.at(-1))?.metadata.name;
}

function byAge(a: ReplicaSet, b: ReplicaSet): number {
  return (a.metadata.creationTimestamp ?? "").localeCompare(b.metadata.creationTimestamp ?? "");
}

function plainCondition({ type, status, reason, message }: KubeCondition): Condition {
  return {
    type,
    status: status === "True" || status === "False" ? status : "Unknown",
    ...(reason !== undefined && reason !== "" && { reason }),
    ...(message !== undefined && message !== "" && { message }),
  };
}

function podView({ service }: Snapshot, pod: Pod, isNew: boolean): PodView {
  const statuses = pod.status?.containerStatuses ?? [];
  return {
    name: pod.metadata.name,
    component: componentName(service.metadata.name, pod, service.spec?.canary),
    state: podState(pod),
    ready: isReady(pod),
    restarts: statuses.reduce((sum, { restartCount = 0 }) => sum + restartCount, 0),
    isNew,
  };
}

/** `predictor`, `transformer`, `explainer`, or the canary's name. */
function componentName(
  service: string,
  { metadata }: Pod,
  canary: readonly { readonly predictor?: { readonly name?: string } }[] = [],
): string {
  const app = metadata.labels?.["app"] ?? "";
  const besides = canary.find(({ predictor }) => app === `isvc.${service}-${predictor?.name}-predictor`);
  return besides?.predictor?.name ?? metadata.labels?.["component"] ?? "predictor";
}

/** What a pod does now, in the words of kubectl's column STATUS. */
export function podState({ metadata, status = {}, spec }: Pod): string {
  if (metadata.deletionTimestamp !== undefined) return "Terminating";
  const init = status.initContainerStatuses ?? [];
  const pending = init.findIndex(({ name, state, started }) => {
    if (state?.terminated !== undefined) return state.terminated.exitCode !== 0;
    // A container beside the others, which Kubernetes counts to the init containers, never ends.
    const isBeside = spec?.initContainers?.find((container) => container.name === name)?.restartPolicy;
    return !(isBeside === "Always" && started === true);
  });
  if (pending >= 0) {
    const reason = stateReason(init[pending]);
    const isPlain = reason === undefined || reason === "PodInitializing" || reason === "Completed";
    return isPlain ? `Init:${pending}/${spec?.initContainers?.length ?? init.length}` : `Init:${reason}`;
  }
  const reasons = (status.containerStatuses ?? []).map(stateReason).filter((reason) => reason !== undefined);
  return reasons[0] ?? status.reason ?? status.phase ?? "Unknown";
}

function stateReason(status: ContainerStatus | undefined): string | undefined {
  const { waiting, terminated } = status?.state ?? {};
  if (waiting !== undefined) return waiting.reason;
  if (terminated === undefined) return undefined;
  if (terminated.reason !== undefined && terminated.reason !== "") return terminated.reason;
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`;
}
