import { PREDICTOR_KINDS } from "../../deployer/config/predictor-kinds.ts";
import { choice, integer, text, texts } from "../option-kinds.ts";
import type { ValuesOf } from "../verb.ts";

/** Most replicas, as the config file takes. */
const MOST_REPLICAS = 10_000;

/** The options over a deployment's settings. Each is a member of the config's `deploy`, or of its target. */
export const DEPLOY_FLAGS = {
  name: text({
    flag: "name",
    placeholder: "<name>",
    default: undefined,
    doc: "The InferenceService's name. Default: the config's, else the folder's.",
  }),
  predictor: choice({
    flag: "predictor",
    short: "p",
    of: PREDICTOR_KINDS,
    default: undefined,
    doc: "What answers: an image of ours (custom), or KServe's own runtime for a model of that format. Default: the config's, else custom.",
  }),
  image: text({
    flag: "image",
    placeholder: "<image>",
    default: undefined,
    doc: "Image of a custom predictor. Default: the config's, else what was last built and pushed from the folder.",
  }),
  model: text({
    flag: "model",
    short: "m",
    placeholder: "<path|uri>",
    default: undefined,
    doc: "The model: a file or folder to upload to the store, or a URI that the cluster reads in place, such as s3://bucket/iris.",
  }),
  store: text({
    flag: "store",
    placeholder: "<uri>",
    default: undefined,
    doc: "Where models are uploaded to: s3://bucket/prefix, gs://bucket, pvc://claim or a container of Azure. Default: the target's.",
  }),
  secret: text({
    flag: "secret",
    placeholder: "<name>",
    default: undefined,
    doc: "A Secret that is there, with the store's credentials. Keys and values belong into the config file.",
  }),
  runtime: text({
    flag: "runtime",
    placeholder: "<name>",
    default: undefined,
    doc: "The ServingRuntime that runs the model. Default: KServe picks one by format and protocol.",
  }),
  protocol: choice({
    flag: "protocol",
    of: ["v1", "v2", "grpc-v1", "grpc-v2"],
    default: undefined,
    doc: "The protocol of the runtime. Default: v2 for onnx, triton and huggingface, else KServe's choice.",
  }),
  mode: choice({
    flag: "mode",
    of: ["standard", "knative"],
    default: undefined,
    doc: "What it runs in. Default: the target's, else the cluster's.",
  }),
  canary: integer({
    flag: "canary",
    range: [0, 100],
    default: undefined,
    doc: "Percent of the requests that go to what is being deployed; the others stay with what runs.",
  }),
  replicas: integer({
    flag: "replicas",
    range: [0, MOST_REPLICAS],
    default: undefined,
    doc: "So many replicas at all times.",
  }),
  minReplicas: integer({
    flag: "min-replicas",
    range: [0, MOST_REPLICAS],
    default: undefined,
    doc: "Fewest replicas; 0 scales to zero where the mode can.",
  }),
  maxReplicas: integer({
    flag: "max-replicas",
    range: [0, MOST_REPLICAS],
    default: undefined,
    doc: "Most replicas that there may be.",
  }),
  cpu: text({
    flag: "cpu",
    placeholder: "<quantity>",
    default: undefined,
    doc: "CPUs that a replica is granted, as Kubernetes writes them: 500m, 2. It is request and limit.",
  }),
  memory: text({
    flag: "memory",
    placeholder: "<quantity>",
    default: undefined,
    doc: "Memory that a replica is granted: 512Mi, 2Gi. It is request and limit.",
  }),
  gpu: integer({
    flag: "gpu",
    range: [0, 1024],
    default: undefined,
    doc: "GPUs of a replica.",
  }),
  env: texts({
    flag: "env",
    short: "e",
    placeholder: "<name=value>",
    doc: "An environment variable of the server's container. It must be no secret.",
  }),
  set: texts({
    flag: "set",
    placeholder: "<path=value>",
    doc: "Any other setting of the config's deploy by its path, such as scaleTarget=70 or 'labels.team=ml'. A value is JSON, else text.",
  }),
} as const;

/** What those options say. */
export type DeployWords = ValuesOf<typeof DEPLOY_FLAGS>;
