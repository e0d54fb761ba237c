import { conditionOf, ownersOf } from "./kube-shapes.ts";
import type {
  ContainerStatus,
  Deployment,
  InferenceService,
  KnativeRevision,
  KnativeService,
  KubeEvent,
  Pod,
  ReplicaSet,
} from "./kube-shapes.ts";
import { isObserved } from "./observed.ts";

/** All that is known of an InferenceService at one moment. */
export interface Snapshot {
  readonly service: InferenceService;
  readonly deployments: readonly Deployment[];
  readonly replicaSets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
  readonly events: readonly KubeEvent[];
  /** Empty on Standard. */
  readonly knativeServices: readonly KnativeService[];
  readonly knativeRevisions: readonly KnativeRevision[];
  /** Kinds that could not be read, for want of a permission: `pods`. */
  readonly unreadable: readonly string[];
  /** Whether a cluster autoscaler may add nodes; undefined: one could not tell. Default undefined. */
  readonly hasAutoscaler?: boolean;
  /** Milliseconds for which the InferenceService has been watched. */
  readonly watchedMs: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What KServe makes of a component: a Deployment, or Knative's Service. */
export type Workload = Deployment | KnativeService;

/** A snapshot of nothing but an InferenceService, for what is to be said of one that nothing else is known of. */
export function emptySnapshot(service: InferenceService, now: number): Snapshot {
  return {
    service,
    deployments: [],
    replicaSets: [],
    pods: [],
    events: [],
    knativeServices: [],
    knativeRevisions: [],
    unreadable: [],
    watchedMs: 0,
    now,
  };
}

/** Whether an InferenceService runs on Knative, as far as it says; undefined: it does not yet. */
export function isKnative(service: InferenceService): boolean | undefined {
  const mode =
    service.status?.deploymentMode || service.metadata.annotations?.["serving.kserve.io/deploymentMode"];
  if (mode === undefined) return undefined;
  return mode === "Knative" || mode === "Serverless";
}

/** The Deployments of components, or Knative's Services. Knative's own Deployments carry the same labels, and do not count. */
export function workloadsOf(snapshot: Snapshot): readonly Workload[] {
  if (snapshot.knativeServices.length > 0) return snapshot.knativeServices;
  return snapshot.deployments.filter(({ metadata }) => revisionOf(metadata.labels) === undefined);
}

/** The workloads that are what the InferenceService now asks for. */
export function observedWorkloads(snapshot: Snapshot): readonly Workload[] {
  return workloadsOf(snapshot).filter((workload) => isObserved(snapshot, workload));
}

/** The ReplicaSets that are being rolled out: each Deployment's newest, once it is what was asked for. */
export function newReplicaSets(snapshot: Snapshot): readonly ReplicaSet[] {
  const observed = observedWorkloads(snapshot);
  const revisions = new Set(
    observed.filter(isKnativeService).map(({ status }) => status?.latestCreatedRevisionName),
  );
  const current = new Map(
    observed
      .filter((workload) => !isKnativeService(workload))
      .map(({ metadata }) => [metadata.uid, metadata.annotations?.[REVISION_NUMBER]]),
  );
  return snapshot.replicaSets.filter((replicaSet) => {
    const revision = revisionOf(replicaSet.metadata.labels);
    if (revision !== undefined) return revisions.has(revision);
    const number = replicaSet.metadata.annotations?.[REVISION_NUMBER];
    return ownersOf(replicaSet).some(({ uid }) => current.has(uid) && current.get(uid) === number);
  });
}

/** Which pods belong to what is being rolled out, by their uid. Those that are being deleted are old. */
export function newPods(snapshot: Snapshot): readonly Pod[] {
  const replicaSets = new Set(newReplicaSets(snapshot).map(({ metadata }) => metadata.uid));
  const revisions = new Set(
    observedWorkloads(snapshot)
      .filter(isKnativeService)
      .map(({ status }) => status?.latestCreatedRevisionName),
  );
  return snapshot.pods.filter((pod) => {
    if (pod.metadata.deletionTimestamp !== undefined) return false;
    const revision = revisionOf(pod.metadata.labels);
    if (revision !== undefined && revisions.has(revision)) return true;
    return ownersOf(pod).some(({ uid }) => replicaSets.has(uid));
  });
}

/** Whether a pod serves. */
export function isReady(pod: Pod): boolean {
  return conditionOf(pod, "Ready")?.status === "True";
}

/** The containers' statuses of a pod, init containers first. */
export function statusesOf(pod: Pod): readonly ContainerStatus[] {
  return [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
}

/** The events of an object, the newest last. */
export function eventsOf(snapshot: Snapshot, kind: string, name: string): readonly KubeEvent[] {
  return snapshot.events.filter(
    ({ involvedObject }) => involvedObject?.kind === kind && involvedObject.name === name,
  );
}

export function isKnativeService(workload: Workload): workload is KnativeService {
  return workload.apiVersion.startsWith("serving.knative.dev/");
}

/** Annotation by which a Deployment numbers its ReplicaSets. */
const REVISION_NUMBER = "deployment.kubernetes.io/revision";

function revisionOf(labels: Readonly<Record<string, string>> | undefined): string | undefined {
  return labels?.["serving.knative.dev/revision"];
}
