/** A kind of object that an API server has, as its URLs name it. */
export interface Resource {
  /** Group of the API; empty for the core's. */
  readonly group: string;
  readonly version: string;
  /** The name in URLs: `pods`. */
  readonly plural: string;
  readonly kind: string;
  /** Whether its objects lie in namespaces. */
  readonly namespaced: boolean;
}

/** The kinds that the deployer reads or writes. */
export const RESOURCES = {
  inferenceService: resource("serving.kserve.io/v1beta1", "inferenceservices", "InferenceService"),
  inferenceGraph: resource("serving.kserve.io/v1alpha1", "inferencegraphs", "InferenceGraph"),
  servingRuntime: resource("serving.kserve.io/v1alpha1", "servingruntimes", "ServingRuntime"),
  clusterServingRuntime: resource(
    "serving.kserve.io/v1alpha1",
    "clusterservingruntimes",
    "ClusterServingRuntime",
    false,
  ),
  clusterStorageContainer: resource(
    "serving.kserve.io/v1alpha1",
    "clusterstoragecontainers",
    "ClusterStorageContainer",
    false,
  ),
  knativeService: resource("serving.knative.dev/v1", "services", "Service"),
  knativeRevision: resource("serving.knative.dev/v1", "revisions", "Revision"),
  deployment: resource("apps/v1", "deployments", "Deployment"),
  replicaSet: resource("apps/v1", "replicasets", "ReplicaSet"),
  pod: resource("v1", "pods", "Pod"),
  service: resource("v1", "services", "Service"),
  event: resource("v1", "events", "Event"),
  secret: resource("v1", "secrets", "Secret"),
  serviceAccount: resource("v1", "serviceaccounts", "ServiceAccount"),
  configMap: resource("v1", "configmaps", "ConfigMap"),
  persistentVolumeClaim: resource("v1", "persistentvolumeclaims", "PersistentVolumeClaim"),
  namespace: resource("v1", "namespaces", "Namespace", false),
  ingress: resource("networking.k8s.io/v1", "ingresses", "Ingress"),
  httpRoute: resource("gateway.networking.k8s.io/v1", "httproutes", "HTTPRoute"),
  customResourceDefinition: resource(
    "apiextensions.k8s.io/v1",
    "customresourcedefinitions",
    "CustomResourceDefinition",
    false,
  ),
} as const;

function resource(apiVersion: string, plural: string, kind: string, namespaced = true): Resource {
  const [version = "", group = ""] = apiVersion.split("/").toReversed();
  return { group, version, plural, kind, namespaced };
}
