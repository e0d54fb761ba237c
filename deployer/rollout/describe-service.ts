import type { Cluster } from "../cluster/cluster.ts";
import { likelyCause } from "./causes/find-cause.ts";
import { explain } from "./explain.ts";
import { type ServiceSummary, summarize } from "./list-services.ts";
import type { Condition, FailureCause, PodView } from "./progress.ts";
import { lastGood } from "./rollback-service.ts";
import { type ServiceName, findService } from "./service/find-service.ts";
import { membersOf, numberOf, textOf } from "../members.ts";
import { type ServiceEvent, recentEvents } from "./service/recent-events.ts";
import { conditionsOf, localUrlOf, predictorOf, statusOf, trafficOf } from "./service/service-facts.ts";
import { type Snapshot, type Workload, isKnativeService, workloadsOf } from "./snapshot.ts";
import { viewOf } from "./view.ts";
import { ServiceWatch } from "./watch-service.ts";

/** Annotation with the hash of the model's files. */
const MODEL_HASH = "kserve-ts/model-hash";

/** A Deployment, or Knative's Service, that KServe makes of a component. */
export interface WorkloadFacts {
  readonly kind: string;
  readonly name: string;
  /** Whether its own controller has seen it as it is. */
  readonly isSeen: boolean;
  /** Replicas: those that are available, of the newest kind, and asked for. Undefined on Knative. */
  readonly replicas?: { readonly available: number; readonly updated: number; readonly wanted: number };
  readonly latestRevision?: string;
}

/** What KServe says of the model. */
export interface ModelFacts {
  /** `UpToDate`, `InProgress`, `BlockedByFailedLoad` or `InvalidSpec`. */
  readonly transition?: string;
  /** State of the model that serves. */
  readonly active?: string;
  /** State of the one that is being loaded. */
  readonly target?: string;
  readonly failure?: { readonly reason?: string; readonly message?: string; readonly exitCode?: number };
}

/** All that one asks of an InferenceService when something is wrong. */
export interface ServiceDescription extends ServiceSummary {
  /** Why it, or a canary of it, is not ready; undefined: it is, or nothing tells. */
  readonly cause?: FailureCause;
  readonly localUrl?: string;
  /** The ServingRuntime that KServe chose. */
  readonly runtime?: string;
  /** `metadata.generation`. KServe's `observedGeneration` counts its Deployment's, and is not it. */
  readonly generation: number;
  /** Whether KServe has made of every component what is asked for now. */
  readonly isSeen: boolean;
  /** Knative's revision, or the newest ReplicaSet. */
  readonly revision?: string;
  /** Where requests go on Knative. */
  readonly traffic: readonly { readonly revision: string; readonly percent: number }[];
  readonly workloads: readonly WorkloadFacts[];
  readonly pods: readonly PodView[];
  readonly conditions: readonly Condition[];
  readonly model?: ModelFacts;
  /** Hash of the model's files, where kserve-ts uploaded them. */
  readonly modelHash?: string;
  /** The newest specification that was ready, which `rollback` knows. */
  readonly lastGood?: { readonly readyAt: string; readonly predictor: string };
  readonly events: readonly ServiceEvent[];
  /** Kinds that may not be read, so that nothing is said of them. */
  readonly unreadable: readonly string[];
}

/**
 * Describes an InferenceService.
 * @throws KtsError KTS_SERVICE_NOT_FOUND, and what `Cluster` throws
 */
export async function describeService(
  cluster: Cluster,
  target: ServiceName,
  signal?: AbortSignal,
): Promise<ServiceDescription> {
  const { metadata } = await findService(cluster, target, signal);
  const { name, namespace } = metadata;
  await using watch = await ServiceWatch.open(cluster, { name, namespace }, signal);
  // One look is all there is: what was changed long ago counts as seen to.
  const snapshot: Snapshot = { ...watch.snapshot(), watchedMs: Infinity };
  const described = describeSnapshot(snapshot);
  const found = isWanting(described) ? likelyCause(snapshot) : undefined;
  const [cause, good] = await Promise.all([
    found === undefined ? undefined : explain(cluster, snapshot, found, signal),
    // One may be allowed to look at everything else.
    lastGood(cluster, { name, namespace }, signal).catch(() => undefined),
  ]);
  return {
    ...described,
    ...(cause !== undefined && { cause }),
    ...(good !== undefined && { lastGood: good }),
  };
}

/** Whether something of it should be ready and is not, a canary beside the rest included. */
function isWanting({ state, canaries }: ServiceDescription): boolean {
  if (state === "ready") return canaries.some(({ ready }) => ready === false);
  return state === "not ready" || state === "unknown";
}

/** What a snapshot says. Pure. */
export function describeSnapshot(snapshot: Snapshot): ServiceDescription {
  const { service, unreadable } = snapshot;
  const view = viewOf(snapshot);
  const status = statusOf(service);
  const localUrl = localUrlOf(service);
  const runtime = textOf(status["servingRuntimeName"]) ?? textOf(status["clusterServingRuntimeName"]);
  const model = modelOf(status["modelStatus"]);
  const annotations = membersOf(predictorOf(service)["annotations"]);
  const modelHash = textOf(annotations[MODEL_HASH]) ?? service.metadata.annotations?.[MODEL_HASH];
  return {
    ...summarize(service, unreadable.includes("pods") ? undefined : snapshot.pods),
    ...(localUrl !== undefined && { localUrl }),
    ...(runtime !== undefined && { runtime }),
    generation: service.metadata.generation ?? 1,
    isSeen: view.observed,
    ...(view.revision !== undefined && { revision: view.revision }),
    traffic: trafficOf(service),
    workloads: workloadsOf(snapshot).map(workloadFacts),
    pods: view.pods,
    conditions: conditionsOf(service),
    ...(model !== undefined && { model }),
    ...(modelHash !== undefined && { modelHash }),
    events: recentEvents(snapshot),
    unreadable,
  };
}

function workloadFacts(workload: Workload): WorkloadFacts {
  const { metadata, status } = workload;
  const isSeen = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 1);
  if (isKnativeService(workload)) {
    const latestRevision = workload.status?.latestCreatedRevisionName;
    return {
      kind: "Service (Knative)",
      name: metadata.name,
      isSeen,
      ...(latestRevision !== undefined && { latestRevision }),
    };
  }
  const { availableReplicas = 0, updatedReplicas = 0 } = workload.status ?? {};
  const wanted = workload.spec?.replicas ?? 1;
  const replicas = { available: availableReplicas, updated: updatedReplicas, wanted };
  return { kind: "Deployment", name: metadata.name, isSeen, replicas };
}

function modelOf(value: unknown): ModelFacts | undefined {
  const status = membersOf(value);
  const states = membersOf(status["states"]);
  const failure = membersOf(status["lastFailureInfo"]);
  const [transition, active, target] = [
    textOf(status["transitionStatus"]),
    textOf(states["activeModelState"]),
    textOf(states["targetModelState"]),
  ];
  const [reason, message] = [textOf(failure["reason"]), textOf(failure["message"])];
  const exitCode = numberOf(failure["exitCode"]);
  const hasFailure = reason !== undefined || message !== undefined;
  if (transition === undefined && active === undefined && target === undefined && !hasFailure)
    return undefined;
  return {
    ...(transition !== undefined && { transition }),
    ...(active !== undefined && { active }),
    ...(target !== undefined && { target }),
    ...(hasFailure && {
      failure: {
        ...(reason !== undefined && { reason }),
        ...(message !== undefined && { message }),
        ...(exitCode !== undefined && { exitCode }),
      },
    }),
  };
}
