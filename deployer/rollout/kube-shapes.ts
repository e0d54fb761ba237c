import type { KubeObject } from "../cluster/cluster.ts";
import type { Members } from "../manifests/manifest.ts";

/** What the rollout reads of an API server's objects: every member may be missing, since versions differ. */
export interface KubeCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export interface OwnerReference {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

export interface Terminated {
  readonly exitCode: number;
  readonly signal?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
}

export interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: { readonly startedAt?: string };
  readonly terminated?: Terminated;
}

export interface ContainerStatus {
  readonly name: string;
  readonly ready?: boolean;
  readonly started?: boolean;
  readonly restartCount?: number;
  readonly image?: string;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}

export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly args?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly resources?: {
    readonly limits?: Readonly<Record<string, string>>;
    readonly requests?: Readonly<Record<string, string>>;
  };
  readonly restartPolicy?: string;
  readonly startupProbe?: Members;
}

export interface PodSpec {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly serviceAccountName?: string;
  readonly volumes?: readonly {
    readonly name: string;
    readonly persistentVolumeClaim?: { readonly claimName: string };
  }[];
}

export interface Pod extends KubeObject {
  readonly spec?: PodSpec;
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly nominatedNodeName?: string;
    readonly conditions?: readonly KubeCondition[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

export interface Deployment extends KubeObject {
  readonly spec?: { readonly replicas?: number; readonly template?: PodTemplate };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly conditions?: readonly KubeCondition[];
  };
}

export interface PodTemplate {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: PodSpec;
}

export interface ReplicaSet extends KubeObject {
  readonly status?: { readonly conditions?: readonly KubeCondition[] };
}

/** Knative's Service. */
export interface KnativeService extends KubeObject {
  readonly spec?: { readonly template?: PodTemplate };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly latestCreatedRevisionName?: string;
    readonly latestReadyRevisionName?: string;
    readonly conditions?: readonly KubeCondition[];
  };
}

export interface KnativeRevision extends KubeObject {
  readonly status?: { readonly conditions?: readonly KubeCondition[] };
}

export interface KubeEvent extends KubeObject {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly eventTime?: string | null;
  readonly firstTimestamp?: string | null;
  readonly lastTimestamp?: string | null;
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string };
  readonly involvedObject?: { readonly kind?: string; readonly name?: string; readonly uid?: string };
}

export interface InferenceService extends KubeObject {
  readonly spec?: {
    readonly predictor?: ComponentSpec;
    readonly transformer?: ComponentSpec;
    readonly explainer?: ComponentSpec;
    readonly canary?: readonly { readonly predictor?: ComponentSpec; readonly trafficPercent?: number }[];
  };
  readonly status?: {
    readonly url?: string;
    readonly deploymentMode?: string;
    readonly conditions?: readonly KubeCondition[];
    readonly modelStatus?: {
      readonly transitionStatus?: string;
      readonly lastFailureInfo?: { readonly reason?: string; readonly message?: string };
    };
  };
}

/** A component of an InferenceService: KServe's own members, and those of a pod. */
export interface ComponentSpec extends PodSpec {
  readonly name?: string;
  readonly model?: Container & {
    readonly modelFormat?: { readonly name?: string; readonly version?: string };
    readonly runtime?: string;
    readonly storageUri?: string;
    readonly protocolVersion?: string;
  };
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A condition of an object by its type. */
export function conditionOf(
  object: { readonly status?: unknown } | undefined,
  type: string,
): KubeCondition | undefined {
  const status = object?.status as { readonly conditions?: readonly KubeCondition[] } | undefined;
  return status?.conditions?.find((condition) => condition.type === type);
}

/** The owners of an object. */
export function ownersOf(object: KubeObject): readonly OwnerReference[] {
  return (object.metadata.ownerReferences ?? []) as unknown as readonly OwnerReference[];
}

/** When an event last happened, in milliseconds since 1970; 0 where it does not say. */
export function eventTimeMs(event: KubeEvent): number {
  const time =
    event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? event.firstTimestamp;
  return Date.parse(time ?? event.metadata.creationTimestamp ?? "") || 0;
}

/** How often an event happened. */
export function eventCount(event: KubeEvent): number {
  return event.series?.count ?? event.count ?? 1;
}
