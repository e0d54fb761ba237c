import type { KubeObject } from "../../deployer/cluster/cluster.ts";
import type { Members } from "../../deployer/manifests/manifest.ts";

/** A pod of the service `digits`, as an API server gives it. */
export function podOf(
  name: string,
  { component = "predictor", labels = {}, spec = {}, status = {}, ...metadata }: PodFacts = {},
): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "models",
      uid: `uid-${name}`,
      labels: {
        app: `isvc.digits-${component}`,
        component,
        "serving.kserve.io/inferenceservice": "digits",
        ...labels,
      },
      ...metadata,
    },
    spec: { containers: [{ name: "kserve-container" }], ...spec },
    status,
  };
}

export interface PodFacts {
  readonly component?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly spec?: Members;
  readonly status?: Members;
  readonly deletionTimestamp?: string;
}

/** The status of a pod that takes requests. */
export const READY = { conditions: [{ type: "Ready", status: "True" }] };

/** The service `digits`. */
export function serviceOf(spec: Members, status: Members = {}): KubeObject {
  return {
    apiVersion: "serving.kserve.io/v1beta1",
    kind: "InferenceService",
    metadata: { name: "digits", namespace: "models" },
    spec,
    status,
  };
}
