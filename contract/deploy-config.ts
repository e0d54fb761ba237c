/*
 * What `kserve.config.*` says of a deployment. `deploy` is what runs, the same wherever it runs; `targets` are the
 * places it may run in, and what is different there.
 */

/**
 * What answers the predictions: `custom` is an image of ours (a folder's predictor), the others are KServe's standard
 * runtimes for a model of that format.
 */
export type PredictorKind =
  | "custom"
  | "tensorflow"
  | "pytorch"
  | "sklearn"
  | "xgboost"
  | "onnx"
  | "lightgbm"
  | "huggingface"
  | "triton";

/** How KServe runs it: `Standard` with Deployments, `Knative` with Knative Serving (which scales to zero). */
export type DeploymentMode = "Standard" | "Knative";

/** An amount as Kubernetes writes it: `"500m"`, `"1.5"`, `"2Gi"`. A number is the same without a unit. */
export type QuantitySetting = string | number;

/** What a container asks for, and what it may have at most. */
export interface ResourcesConfig {
  readonly requests?: Readonly<Record<string, QuantitySetting>>;
  readonly limits?: Readonly<Record<string, QuantitySetting>>;
}

/** GPUs of a container. */
export interface GpuConfig {
  /** How many. */
  readonly count: number;
  /** Name of the resource. Default `nvidia.com/gpu`. */
  readonly resource?: string;
}

/** A variable that comes from a Secret or a ConfigMap of the namespace. */
export type EnvSource =
  | { readonly secret: string; readonly key: string; readonly optional?: boolean }
  | { readonly configMap: string; readonly key: string; readonly optional?: boolean };

/** Environment variables by name. */
export type EnvConfig = Readonly<Record<string, string | number | boolean | EnvSource>>;

/** A toleration of Kubernetes. */
export interface TolerationConfig {
  readonly key?: string;
  /** Default `Equal` where there is a value, else `Exists`. */
  readonly operator?: "Equal" | "Exists";
  readonly value?: string;
  readonly effect?: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
  /** Seconds the pod stays on a node that gets such a taint; only with `NoExecute`. */
  readonly tolerationSeconds?: number;
}

/** The model of a deployment, and how its runtime is chosen. */
export interface DeployModelConfig {
  /**
   * Where it is: a file or folder, relative to the config file, which is uploaded to the target's `store`; or a URI
   * that the cluster reads in place, such as `s3://bucket/models/iris`, `gs://`, `pvc://claim/path`, `hf://org/name`,
   * `oci://registry/model:1`.
   */
  readonly uri?: string;
  /** Its format, where it is not the predictor kind's: `{ name: "onnx", version: "1" }`. */
  readonly format?: { readonly name: string; readonly version?: string };
  /** Name of the ServingRuntime. Default: KServe picks one by format and protocol. */
  readonly runtime?: string;
  /** Tag of the runtime's image. Default: the runtime's own. */
  readonly runtimeVersion?: string;
}

/** Where requests and answers are sent to, as CloudEvents. */
export interface LoggerConfig {
  readonly url: string;
  /** What is sent. Default `all`. */
  readonly mode?: "all" | "request" | "response";
  /** Request headers that go along. Default: none. */
  readonly metadataHeaders?: readonly string[];
}

/** KServe's batching in front of the server. A predictor's own `batching` does more, and costs no second container. */
export interface BatcherConfig {
  /** Instances of a batch. Default: the cluster's, 32 as shipped. */
  readonly maxBatchSize?: number;
  /** Milliseconds to wait for it to fill. Default: the cluster's, 5000 as shipped. */
  readonly maxLatencyMs?: number;
  /** Seconds a batch may take. Default: the cluster's. */
  readonly timeoutSeconds?: number;
}

/** How many replicas there are, and what decides it. */
export interface ScalingConfig {
  /** So many at all times: the same as `minReplicas` and `maxReplicas` of that number. */
  readonly replicas?: number;
  /** Fewest. 0 (scale to zero) needs Knative or `autoscalerClass: "keda"`. Default 1. */
  readonly minReplicas?: number;
  /** Most. Default: as many as `minReplicas` on Standard, any number on Knative. */
  readonly maxReplicas?: number;
  /**
   * What is measured: `cpu` or `memory` on Standard, `concurrency` or `rps` on Knative. Default: the mode's first.
   */
  readonly scaleMetric?: "cpu" | "memory" | "concurrency" | "rps";
  /** The value of it to keep to: percent of the request for `cpu` and `memory`. Default: 80 for `cpu`, else Knative's. */
  readonly scaleTarget?: number;
  /** KServe's own `autoScaling` block (v0.15), as it is written there: metrics and behaviour for HPA or KEDA. */
  readonly autoScaling?: Readonly<Record<string, unknown>>;
  /** Requests that a replica takes at once; more wait in front of it. Knative only. Default: no limit. */
  readonly containerConcurrency?: number;
  /** Seconds a request may take before the cluster ends it. Default: the cluster's. */
  readonly timeoutSeconds?: number;
}

/** What a container of ours runs, beside the predictor: a transformer or an explainer. */
export interface ComponentConfig extends ScalingConfig {
  /** Image of a kserve-ts server, or of any other that speaks the protocol on port 8080. */
  readonly image: string;
  /** Default: the image's own. */
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: EnvConfig;
  readonly resources?: ResourcesConfig;
  readonly gpu?: number | GpuConfig;
  readonly logger?: LoggerConfig;
  readonly batcher?: BatcherConfig;
}

/** A share of the traffic for what is being deployed, while the rest stays with what is there. */
export interface CanaryConfig {
  /** Percent of the requests, 0 to 100. */
  readonly trafficPercent: number;
  /** Name of the canary's predictor on Standard. Default: `canary`. */
  readonly name?: string;
}

/** Who the pods are to a cloud, where no keys are given: annotations of the ServiceAccount. */
export interface IdentityConfig {
  /** ARN of an IAM role (EKS: IAM roles for service accounts). */
  readonly awsRoleArn?: string;
  /** E-mail of a Google service account (GKE: workload identity). */
  readonly gcpServiceAccount?: string;
  /** Client id of a managed identity (AKS: workload identity). */
  readonly azureClientId?: string;
}

/**
 * Credentials of the model's store: the name of a Secret that is there, or keys and values. Keys: `aws_access_key_id`,
 * `aws_secret_access_key`, `s3_endpoint`, `s3_region`, `s3_use_https`, `s3_verify_ssl`,
 * `google_application_credentials`, `azure_client_id`, `azure_client_secret`, `azure_tenant_id`,
 * `azure_subscription_id`, `azure_storage_access_key`, `azure_access_token`, `hf_token`. A value of `@path` is that
 * file's text.
 */
export type SecretConfig = string | Readonly<Record<string, string | boolean>>;

/** What is deployed. */
export interface DeployConfig extends ScalingConfig {
  /** Name of the InferenceService. Default: the folder's name. */
  readonly name?: string;
  /** What answers the predictions. Default `custom`. */
  readonly predictor?: PredictorKind;
  /** What scales a Standard deployment: `hpa`, `keda` (v0.15), `external` (v0.12), `none` (v0.15.2). Default `hpa`. */
  readonly autoscalerClass?: "hpa" | "keda" | "external" | "none";
  /** Image of a custom predictor, as `kserve-ts build` made it. Default: the one last built from this folder. */
  readonly image?: string;
  /** A custom predictor's module and function: `./predictor.ts#predict`. Default: the folder's predictor. */
  readonly predictFunction?: string;
  /** Command of a custom predictor's container. Default: the image's own. */
  readonly command?: readonly string[];
  /** Arguments of the container. Default: none beside those that we give. */
  readonly args?: readonly string[];
  /** The model: where it is, or that and how its runtime is chosen. Default for `custom`: the image has it. */
  readonly model?: string | DeployModelConfig;
  /** Protocol of the runtime. Default: v2 for onnx, triton and huggingface, else KServe's choice (v1). */
  readonly protocolVersion?: "v1" | "v2" | "grpc-v1" | "grpc-v2";
  /** How TorchServe's archive of a pytorch model is made. */
  readonly torchServe?: TorchServeConfig;
  readonly resources?: ResourcesConfig;
  readonly gpu?: number | GpuConfig;
  readonly env?: EnvConfig;
  /** Labels of the nodes it may run on. */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** Taints of nodes that it may run on all the same. */
  readonly tolerations?: readonly TolerationConfig[];
  /** Spread the replicas over the values of this label of the nodes, such as `topology.kubernetes.io/zone`. */
  readonly spreadOver?: string;
  /** Secrets with which images are pulled. */
  readonly imagePullSecrets?: readonly string[];
  /** A ServiceAccount that is there. Default: one is made where `secret` or `identity` needs it. */
  readonly serviceAccountName?: string;
  /** Credentials of the model's store: the name of a Secret, or keys and values. Outranks the target's. */
  readonly secret?: SecretConfig;
  /** Who the pods are to a cloud, where no keys are given. */
  readonly identity?: IdentityConfig;
  /** Labels of the InferenceService and its pods. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Annotations of the InferenceService and its pods. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly logger?: LoggerConfig;
  readonly batcher?: BatcherConfig;
  /** A server of ours in front of the predictor. */
  readonly transformer?: ComponentConfig;
  /** A server of ours that answers `:explain`. */
  readonly explainer?: ComponentConfig;
  /** A share of the traffic for what is being deployed. */
  readonly canary?: CanaryConfig;
  /**
   * `restricted`: what PodSecurity's strictest level asks for, and a read-only root for our own image. `none`: nothing
   * is said. Default `restricted`.
   */
  readonly podSecurity?: "restricted" | "none";
  /** Seconds the model may take to load before its container is started again. Default 600. */
  readonly startupTimeoutSeconds?: number;
  /** Milliseconds a stopping pod goes on serving while routers forget it. Default 5000. */
  readonly drainDelayMs?: number;
  /** Milliseconds that requests in flight have to finish after that. Default 30 000. */
  readonly gracePeriodMs?: number;
  /** Seconds `deploy` waits until it is ready; 0: it does not wait. Default 300. */
  readonly waitTimeoutSeconds?: number;
}

/** How TorchServe's archive is made. */
export interface TorchServeConfig {
  /** Python file with the model's class. */
  readonly modelClass?: string;
  /** `image_classifier`, `image_segmenter`, `object_detector`, `text_classifier`, `base_handler`, or a Python file. */
  readonly handler?: string;
  /** Files that lie beside them in the archive. */
  readonly extraFiles?: readonly string[];
  /** What TorchServe installs with pip before it starts the model. */
  readonly requirementsFile?: string;
  /** The model's version. Default `1.0`. */
  readonly modelVersion?: string;
  /** A `config.properties` in place of ours. */
  readonly configFile?: string;
}

/** A place to deploy to. */
export interface TargetConfig {
  /** Context of the kubeconfig. Default: the current one, or the pod's own cluster. */
  readonly context?: string;
  /** Where it is deployed. Default: the context's. */
  readonly namespace?: string;
  /** URL of the ingress that predictions go through. Default: the InferenceService's own URL. */
  readonly baseUrl?: string;
  /** Domain of the cluster's hosts. Default: what the InferenceService's URL says. */
  readonly domain?: string;
  /** Where models are uploaded to: `s3://bucket/prefix`, `gs://`, `https://account.blob.core.windows.net/container`, `pvc://claim`. */
  readonly store?: string;
  /** Credentials of the store. `deploy.secret` outranks it. */
  readonly secret?: SecretConfig;
  /** How KServe runs it there. Default: the cluster's. */
  readonly deploymentMode?: DeploymentMode;
  /** What is deployed differently here, member by member over `deploy`. */
  readonly deploy?: DeployConfig;
}

/** What a node of a graph sends a request to. */
export interface GraphStepConfig {
  /** An InferenceService of the namespace, by its name. */
  readonly service?: string;
  /** Another node of the graph. */
  readonly node?: string;
  /** A URL in full, such as a model's path at another server. */
  readonly url?: string;
  /** Its name, and in an ensemble's answer the key of its part. Default: none; in an ensemble the step's number. */
  readonly name?: string;
  /**
   * In a sequence: what it gets, the answer of the step before or the request that the node got. Default `response`,
   * the first step excepted.
   */
  readonly data?: "request" | "response";
  /** In a sequence (v0.16): the `predictions` of the answer before become its `instances`. Default false. */
  readonly predictionsToInstances?: boolean;
  /** In a splitter: percent of the requests. */
  readonly weight?: number;
  /**
   * A path of GJSON, such as `predictions.#(class=="dog")`. In a switch: the step is taken if the request has it. In a
   * sequence: the rest is done if the answer before has it.
   */
  readonly condition?: string;
  /** Whether its failure is the node's (v0.11). Default `soft`: the next step goes on with what it answered. */
  readonly dependency?: "soft" | "hard";
}

/** Steps of a node; a name alone is a service's. */
export type GraphStepsConfig = readonly (string | GraphStepConfig)[];

/** A node of a graph: one of the four ways to go on. */
export interface GraphNodeConfig {
  /** One step after the other. */
  readonly sequence?: GraphStepsConfig;
  /** One of the steps, by chance as their weights say. */
  readonly splitter?: GraphStepsConfig;
  /** All steps at once; their answers become one object. */
  readonly ensemble?: GraphStepsConfig;
  /** The first step whose condition the request meets. */
  readonly switch?: GraphStepsConfig;
}

/** A graph of InferenceServices, which KServe's router sends requests through (InferenceGraph). */
export interface GraphConfig {
  /** Its nodes by name; requests begin at `root`. */
  readonly nodes: Readonly<Record<string, GraphNodeConfig>>;
  /** Of the router (v0.10). Default: the cluster's. */
  readonly resources?: ResourcesConfig;
  /** Fewest routers (v0.13). Default 1. */
  readonly minReplicas?: number;
  /** Most routers (v0.13). Default: the cluster's. */
  readonly maxReplicas?: number;
  /** Seconds a request may take (v0.13). Default: the cluster's. */
  readonly timeoutSeconds?: number;
}
