import type { Manifest } from "../../deployer/manifests/manifest.ts";

/** What a pod of the tests asks for: little, since many share two processors. */
const RESOURCES = {
  requests: { cpu: "20m", memory: "32Mi" },
  limits: { cpu: "1", memory: "64Mi" },
};

/** An InferenceService on Standard. */
export function inferenceService(namespace: string, name: string, spec: object): Manifest {
  return {
    apiVersion: "serving.kserve.io/v1beta1",
    kind: "InferenceService",
    metadata: {
      name,
      namespace,
      labels: { "app.kubernetes.io/managed-by": "kserve-ts" },
      annotations: { "serving.kserve.io/deploymentMode": "Standard" },
    },
    spec,
  };
}

/** A custom predictor: the cluster's echo image, with members of its container laid over. */
export function serverPredictor(container: object): object {
  const echo = { name: "kserve-container", image: "localhost/echo:testbed", resources: RESOURCES };
  return { predictor: { minReplicas: 1, maxReplicas: 1, containers: [{ ...echo, ...container }] } };
}

/** A predictor with a model on a standard runtime. */
export function modelPredictor(model: object): object {
  const sklearn = { modelFormat: { name: "sklearn" }, resources: RESOURCES };
  return { predictor: { minReplicas: 1, maxReplicas: 1, model: { ...sklearn, ...model } } };
}
