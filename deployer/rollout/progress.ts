/** A condition of an InferenceService, or of what it is made of. */
export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason?: string;
  readonly message?: string;
}

/** A pod of a deployment, as a person wants to see it. */
export interface PodView {
  readonly name: string;
  /** `predictor`, `transformer`, `explainer` or a canary's name. */
  readonly component: string;
  /** What it does now, in kubectl's words: `Pending`, `Init:0/1`, `ContainerCreating`, `Running`, `CrashLoopBackOff`. */
  readonly state: string;
  readonly ready: boolean;
  readonly restarts: number;
  /** Whether it is of the generation that is being rolled out. */
  readonly isNew: boolean;
}

/** How a rollout stands. */
export interface RolloutView {
  readonly name: string;
  readonly namespace: string;
  /** Whether the controller has seen the generation that was applied. */
  readonly observed: boolean;
  readonly ready: boolean;
  /** Knative's revision or the ReplicaSet that is rolled out, where there is one yet. */
  readonly revision?: string;
  readonly conditions: readonly Condition[];
  readonly pods: readonly PodView[];
  /** Where it answers, once KServe says so. */
  readonly url?: string;
}

/** Why a rollout cannot succeed. */
export type FailureReason =
  | "image-pull"
  | "crash-loop"
  | "out-of-memory"
  | "never-ready"
  | "initializer"
  | "no-runtime"
  | "unknown-runtime"
  | "unsupported-uri"
  | "unschedulable"
  | "quota"
  | "pod-security"
  | "container-config"
  | "volume"
  | "controller";

/** The cause of a rollout's failure. */
export interface FailureCause {
  readonly reason: FailureReason;
  /** A sentence that says what is wrong, with the cluster's own words in it. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
  readonly pod?: string;
  readonly container?: string;
  /** The last lines of that container's log. */
  readonly lastLines?: readonly string[];
}
