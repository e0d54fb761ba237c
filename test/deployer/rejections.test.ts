import { describe, expect, it } from "vitest";
import type { DeployConfig } from "../../contract/deploy-config.ts";
import { render } from "../../deployer/manifests/render.ts";
import { checkUpdate } from "../../deployer/manifests/update.ts";
import { KINDS, type PlanFacts, planOf } from "./plans.ts";
import { problemOf } from "./problem-of.ts";

type Rejection = readonly [webhook: string, deploy: object, ours: RegExp, facts: PlanFacts];

/**
 * What a webhook of KServe v0.20 answered to a bad InferenceService, word by word, and what we say of the settings that
 * ask for it, before anything is sent.
 */
const REJECTIONS: readonly Rejection[] = [
  [
    "[kpa] is not a supported autoscaler class type",
    { ...KINDS.sklearn, autoscalerClass: "kpa" },
    /^kserve\.config\.ts: deploy\.autoscalerClass: expected one of "hpa", "keda", "external", "none", got the string "kpa"$/,
    {},
  ],
  [
    'the InferenceService "1bad" is invalid: a InferenceService name must consist of lower case alphanumeric characters',
    { ...KINDS.sklearn, name: "1bad" },
    /deploy\.name: expected a name of .* with a letter first .*, such as "bad", got the string "1bad"$/,
    {},
  ],
  [
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    { ...KINDS.sklearn, resources: { limits: { memory: "lots" } } },
    /deploy\.resources\.limits\.memory: expected a quantity such as "2Gi" or "1", got the string "lots"$/,
    {},
  ],
  [
    "Setting both StorageURI and StorageURIs is not supported.",
    { ...KINDS.sklearn, storageUris: [{ uri: "s3://models/iris" }] },
    /deploy\.storageUris means nothing here; /,
    {},
  ],
  [
    "sum of canary trafficPercent values (120) must be <= 100",
    { ...KINDS.sklearn, canary: { trafficPercent: 120 } },
    /deploy\.canary\.trafficPercent: expected a number of at most 100, got the number 120$/,
    {},
  ],
  [
    "parallelism cannot be less than 0",
    { ...KINDS.sklearn, containerConcurrency: -1 },
    /deploy\.containerConcurrency: expected a number of at least 0, got the number -1$/,
    { mode: "Knative" },
  ],
  [
    "the target utilization percentage should be a [1-100] integer",
    { ...KINDS.sklearn, scaleMetric: "cpu", scaleTarget: 180, autoscalerClass: "hpa" },
    /deploy\.scaleTarget: expected percent of the request, 1 to 100, for cpu, got the number 180$/,
    {},
  ],
  [
    "customizing deploymentStrategy is only supported for raw deployment mode",
    { ...KINDS.sklearn, deploymentStrategy: { type: "Recreate" } },
    /deploy\.deploymentStrategy means nothing here; /,
    { mode: "Knative" },
  ],
  [
    "invalid logger type",
    { ...KINDS.sklearn, logger: { url: "http://events", mode: "everything" } },
    /deploy\.logger\.mode: expected one of "all", "request", "response", got the string "everything"$/,
    {},
  ],
  [
    "'MinReplicas' cannot be greater than MaxReplicas",
    { ...KINDS.sklearn, minReplicas: 3, maxReplicas: 2 },
    /^deploy\.minReplicas: expected at most maxReplicas, 2, got the number 3$/,
    {},
  ],
  [
    "the 'name' field is not allowed in standard predictor",
    { predictor: "sklearn", model: { uri: "s3://models/iris", name: "mine" } },
    /deploy\.model\.name means nothing here; /,
    {},
  ],
  [
    "panic: runtime error: index out of range [0] with length 0 [recovered]",
    { predictor: "custom" },
    /^deploy\.image: expected the image of the predictor, got nothing$/,
    {},
  ],
  [
    "(accepted, and never ready: NoSupportingRuntime) modelFormat is missing",
    { predictor: "sklearn", model: { uri: "s3://models/iris", format: { version: "1" } } },
    /deploy\.model\.format\.name: expected a text, got nothing$/,
    {},
  ],
  [
    "invalid protocol v1, v2. Must be one of [v3]",
    { ...KINDS.custom, protocolVersion: "v3" },
    /deploy\.protocolVersion: expected one of "v1", "v2", "grpc-v1", "grpc-v2", got the string "v3"$/,
    {},
  ],
  [
    "invalid protocol v1, v2. Must be one of [v3]",
    { ...KINDS.custom, env: { PROTOCOL: "v3" } },
    /^deploy\.env\.PROTOCOL: expected v1 or v2, got the string "v3"$/,
    {},
  ],
  [
    'setting PYTHONPATH in container "kserve-container" is not allowed for security reasons',
    { ...KINDS.custom, env: { PYTHONPATH: "/app" } },
    /deploy\.env\.PYTHONPATH: expected no PYTHONPATH: KServe refuses it for reasons of security/,
    {},
  ],
  [
    "[rps] is not a supported metric",
    { ...KINDS.sklearn, scaleMetric: "rps", autoscalerClass: "hpa" },
    /^deploy\.scaleMetric: expected cpu or memory, which are what Standard mode measures, got the string "rps"$/,
    {},
  ],
  [
    "storage path cannot contain '..' for security reasons: /../x",
    { predictor: "sklearn", model: "s3://models/../x" },
    /deploy\.model: expected a URI without \.\., got the string "s3:\/\/models\/\.\.\/x"$/,
    {},
  ],
  [
    "exactly one of [Name, SKLearn, XGBoost, ...] must be specified in PredictorSpec",
    { predictor: "sklearn", model: "s3://models/iris", image: "registry.example.com/digits:1" },
    /^deploy\.image: expected none for sklearn, whose runtime has its own; model\.runtime chooses another/,
    {},
  ],
  [
    'strict decoding error: unknown field "spec.predictor.model.storageURI"',
    { predictor: "sklearn", model: { storageURI: "s3://models/iris" } },
    /deploy\.model\.storageURI means nothing here; known are uri, format, runtime, runtimeVersion$/,
    {},
  ],
  [
    "canary is only supported in Standard deployment mode, and before v0.20 not at all",
    { ...KINDS.sklearn, canary: { trafficPercent: 10 } },
    /^deploy\.canary: expected no canary: KServe v0\.19\.0 splits no traffic in Standard mode/,
    { version: "v0.19.0" },
  ],
  [
    "(accepted, and laid over the running predictor, which has another kind) canary of another kind",
    { ...KINDS.custom, canary: { trafficPercent: 10 } },
    /^deploy\.canary: expected a standard runtime, as the running predictor has, got an image$/,
    { stable: { model: { storageUri: "s3://models/iris" } } },
  ],
  [
    "(accepted, and the model never fetched) canary with a model beside an image that has its own",
    { ...KINDS.custom, model: "s3://models/digits", canary: { trafficPercent: 10 } },
    /^deploy\.canary: expected an image with its model, as the running predictor's, got one beside a model\.uri$/,
    { stable: { containers: [{ env: [{ name: "STORAGE_URI", value: "image/digits:1" }] }] } },
  ],
  [
    "(accepted, and never reconciled) StorageUri [ftp://x/y] is not supported",
    { predictor: "sklearn", model: "ftp://x/y" },
    /deploy\.model: expected a URI of s3:\/\/, gs:\/\/, .*, got the string "ftp:\/\/x\/y"$/,
    {},
  ],
  [
    "(accepted, and no runtime found) onnx with V1",
    { ...KINDS.onnx, protocolVersion: "v1" },
    /^deploy\.protocolVersion: expected v2, grpc-v2: no stock runtime has another for onnx, got the string "v1"$/,
    {},
  ],
  [
    "(accepted, and clamped to 1) minReplicas: 0 in Standard mode",
    { ...KINDS.sklearn, minReplicas: 0 },
    /^deploy\.minReplicas: expected at least 1: in Standard mode only autoscalerClass "keda" scales to zero/,
    {},
  ],
];

describe("what KServe refuses of a new InferenceService", () => {
  it.each(REJECTIONS)("%s is refused before it is sent", (_, deploy, ours, facts) => {
    expect(problemOf(() => render(planOf(deploy as DeployConfig, facts)))).toMatch(ours);
  });
});

describe("what KServe refuses of an update", () => {
  const [service] = render(planOf(KINDS.sklearn, { mode: "Knative" }));

  it("update rejected: deploymentMode cannot be changed from 'Standard' to 'Knative'", () => {
    for (const deploymentMode of ["Standard", "RawDeployment"]) {
      expect(problemOf(() => service && checkUpdate(service, { deploymentMode, predictor: {} }))).toBe(
        "deploymentMode: expected Standard, which digits runs in, got Knative",
      );
    }
  });

  it("predictor.name change requires a model change (e.g. storageUri)", () => {
    const predictor = { name: "next", model: { storageUri: "s3://models/iris" } };
    expect(problemOf(() => service && checkUpdate(service, { predictor }))).toMatch(
      /^the predictor is "next" and becomes "": KServe takes another name only with another model$/,
    );
  });

  it("is not what it takes: another model under another name, in the same mode", () => {
    const predictor = { name: "next", model: { storageUri: "s3://models/other" } };
    expect(
      problemOf(() => service && checkUpdate(service, { deploymentMode: "Serverless", predictor })),
    ).toBe("");
  });
});
