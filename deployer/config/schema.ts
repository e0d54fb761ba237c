import { z } from "zod";
import type { DeployConfig, TargetConfig } from "../../contract/deploy-config.ts";
import { graphsSchema } from "./graph-schema.ts";
import { serviceNameProblem } from "./names.ts";
import { PREDICTOR_KINDS } from "./predictor-kinds.ts";
import * as part from "./schema-parts.ts";
import { secretKeyProblem } from "./secret-keys.ts";
import { isUri, schemeOf, storageUriProblem } from "./storage-uri.ts";
import type { SaysTheSame } from "./says-the-same.ts";

/** Longest that a timer or a grace period is: a day. */
const DAY_SECONDS = 86_400;

const scaling = {
  replicas: part.integer(0, 10_000).optional().describe("So many at all times."),
  minReplicas: part.integer(0, 10_000).optional().describe("Fewest replicas. Default 1."),
  maxReplicas: part.integer(0, 10_000).optional().describe("Most replicas."),
  scaleMetric: z.enum(["cpu", "memory", "concurrency", "rps"]).optional().describe("What is measured."),
  scaleTarget: part.integer(1).optional().describe("The value of the metric to keep to."),
  autoScaling: z.record(z.string(), z.unknown()).optional().describe("KServe's own autoScaling block."),
  containerConcurrency: part.integer(0).optional().describe("Requests a replica takes at once (Knative)."),
  timeoutSeconds: part.integer(1, DAY_SECONDS).optional().describe("Seconds a request may take."),
};

const container = {
  command: z.array(z.string()).optional().describe("Default: the image's own."),
  args: z.array(z.string()).optional().describe("Arguments of the container."),
  env: part.env.optional().describe("Environment variables."),
  resources: part.resources.optional().describe("Requests and limits, as Kubernetes writes them."),
  gpu: part.gpu.optional().describe("GPUs of a container."),
  logger: part.logger.optional().describe("Where requests and answers are sent to."),
  batcher: part.batcher.optional().describe("KServe's batching in front of the server."),
};

const component = z.strictObject({ ...scaling, ...container, image: part.imageName });

const modelPlace = part.checkedText((uri) => {
  if (uri === "") return "a file, a folder or a URI";
  return isUri(uri) ? storageUriProblem(uri) : undefined;
});

const model = z.union(
  [
    modelPlace,
    z.strictObject({
      uri: modelPlace.optional(),
      format: z.strictObject({ name: part.text, version: part.text.optional() }).optional(),
      runtime: part.objectName.optional(),
      runtimeVersion: part.text.optional(),
    }),
  ],
  { error: "a file, a folder, a URI, or { uri, format, runtime, runtimeVersion }" },
);

const secretValues = z
  .record(z.string(), z.union([z.string(), z.boolean()]))
  .superRefine((values, context) => {
    for (const key of Object.keys(values)) {
      const expected = secretKeyProblem(key);
      if (expected !== undefined) context.addIssue({ code: "custom", message: expected, path: [key] });
    }
  });

const secret = z.union(
  [part.objectName, secretValues],
  { error: "the name of a Secret, or an object of keys and values" }, // prettier-ignore
);

const serviceName = part.checkedText(serviceNameProblem);

/** The `deploy` section, for a message and for an editor. What depends on more than one member is checked later. */
export const deploySchema = z.strictObject({
  ...scaling,
  ...container,
  autoscalerClass: z.enum(["hpa", "keda", "external", "none"]).optional().describe("Default hpa."),
  name: serviceName.optional().describe("Name of the InferenceService. Default: the folder's name."),
  predictor: z.enum(PREDICTOR_KINDS).optional().describe("What answers the predictions. Default custom."),
  image: part.imageName.optional().describe("Image of a custom predictor."),
  predictFunction: part.text.optional().describe("Module and function: ./predictor.ts#predict."),
  model: model.optional().describe("Where the model is: a path, a URI, or { uri, format, runtime }."),
  protocolVersion: z.enum(["v1", "v2", "grpc-v1", "grpc-v2"]).optional(),
  torchServe: z
    .strictObject({
      modelClass: part.text.optional(),
      handler: part.text.optional(),
      extraFiles: z.array(part.text).optional(),
      requirementsFile: part.text.optional(),
      modelVersion: part.text.optional(),
      configFile: part.text.optional(),
    })
    .optional()
    .describe("How TorchServe's archive is made."),
  nodeSelector: part.nodeSelector.optional(),
  tolerations: z.array(part.toleration).optional(),
  spreadOver: part.text.optional().describe("A label of the nodes to spread the replicas over."),
  imagePullSecrets: z.array(part.objectName).optional(),
  serviceAccountName: part.objectName.optional(),
  secret: secret.optional().describe("Credentials of the model's store."),
  identity: z
    .strictObject({
      awsRoleArn: part.text.optional(),
      gcpServiceAccount: part.text.optional(),
      azureClientId: part.text.optional(),
    })
    .optional(),
  labels: part.labels.optional(),
  annotations: part.annotations.optional(),
  transformer: component.optional(),
  explainer: component.optional(),
  canary: z
    .strictObject({ trafficPercent: part.integer(0, 100), name: serviceName.optional() })
    .optional()
    .describe("A share of the traffic for what is being deployed."),
  podSecurity: z.enum(["restricted", "none"]).optional().describe("Default restricted."),
  startupTimeoutSeconds: part.integer(1, DAY_SECONDS).optional().describe("Default 600."),
  drainDelayMs: part
    .integer(0, DAY_SECONDS * 1000)
    .optional()
    .describe("Default 5000."),
  gracePeriodMs: part
    .integer(0, DAY_SECONDS * 1000)
    .optional()
    .describe("Default 30000."),
  waitTimeoutSeconds: part.integer(0, DAY_SECONDS).optional().describe("Default 300; 0: no wait."),
});

const store = part.checkedText((uri) => {
  const scheme = schemeOf(uri);
  if (scheme === "s3" || scheme === "gs" || scheme === "pvc") return storageUriProblem(uri);
  return /^https:\/\/[^/]+\.blob\.core\.windows\.net\/[^/]+/.test(uri)
    ? undefined
    : "s3://bucket, gs://bucket, pvc://claim or https://<account>.blob.core.windows.net/<container>";
});

export const targetSchema = z.strictObject({
  context: part.text.optional().describe("Context of the kubeconfig. Default: the current one."),
  namespace: part.namespaceName.optional().describe("Default: the context's."),
  baseUrl: part.httpUrl.optional().describe("URL of the ingress that predictions go through."),
  domain: part.text.optional().describe("Domain of the cluster's hosts."),
  store: store.optional().describe("Where models are uploaded to."),
  secret: secret.optional().describe("Credentials of the store. deploy.secret outranks it."),
  deploymentMode: z.enum(["Standard", "Knative"]).optional().describe("Default: the cluster's."),
  deploy: deploySchema.optional().describe("What is deployed differently here."),
});

/** The sections of a config file that are the deployer's. */
export const deployFileSchema = z.strictObject({
  deploy: deploySchema.optional(),
  targets: z.record(serviceName, targetSchema).optional(),
  graphs: graphsSchema.optional(),
});

// The schema and the types of the contract say the same: a difference does not compile.
true satisfies SaysTheSame<typeof deploySchema, DeployConfig>;
true satisfies SaysTheSame<typeof targetSchema, TargetConfig>;
