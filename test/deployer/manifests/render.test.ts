import { describe, expect, it } from "vitest";
import type { DeployConfig } from "../../../contract/deploy-config.ts";
import type { RuntimeFacts } from "../../../deployer/cluster/runtimes.ts";
import { toYaml } from "../../../deployer/manifests/print.ts";
import { render } from "../../../deployer/manifests/render.ts";
import { type CrdVersion, crdProblems } from "../crd-schema.ts";
import { KINDS, type PlanFacts, planOf } from "../plans.ts";

const QUANTITIES = {
  requests: { cpu: "200m", memory: "500Mi" },
  limits: { cpu: 1, memory: "1Gi" },
};

/** Deployments that show what a setting becomes, each in its golden file. */
const EXAMPLES: Readonly<Record<string, readonly [deploy: DeployConfig, facts?: PlanFacts]>> = {
  ...Object.fromEntries(
    Object.entries(KINDS).flatMap(([kind, deploy]) => [
      [`${kind}-standard`, [deploy]],
      [`${kind}-knative`, [deploy, { mode: "Knative" }]],
    ]),
  ),
  "custom-everything-standard": [
    {
      ...KINDS.custom,
      name: "digits",
      args: ["--workers=2"],
      model: "s3://models/digits",
      protocolVersion: "v2",
      minReplicas: 2,
      maxReplicas: 5,
      scaleMetric: "cpu",
      scaleTarget: 70,
      autoscalerClass: "hpa",
      timeoutSeconds: 30,
      resources: QUANTITIES,
      gpu: 1,
      env: {
        MODE: "y",
        TOKEN: { secret: "tokens", key: "api" },
        LEVEL: { configMap: "levels", key: "log" },
        N: 3,
      },
      nodeSelector: { "kubernetes.io/arch": "arm64" },
      tolerations: [
        { key: "nvidia.com/gpu", effect: "NoSchedule" },
        { key: "team", value: "ml" },
      ],
      spreadOver: "topology.kubernetes.io/zone",
      imagePullSecrets: ["registry"],
      labels: { team: "ml" },
      annotations: { "example.com/owner": "ml" },
      secret: {
        aws_access_key_id: "AKIDEXAMPLE",
        aws_secret_access_key: "key-that-stays-hidden",
        s3_endpoint: "http://minio.models:9000",
        s3_region: "eu-central-1",
        s3_verify_ssl: false,
      },
      logger: { url: "http://events.models.svc.cluster.local", metadataHeaders: ["x-tenant"] },
      batcher: { maxBatchSize: 16, maxLatencyMs: 50, timeoutSeconds: 30 },
      transformer: { image: "registry.example.com/prepare:1", replicas: 2, resources: QUANTITIES },
      explainer: { image: "registry.example.com/explain:1" },
      startupTimeoutSeconds: 900,
      drainDelayMs: 10_000,
      gracePeriodMs: 45_500,
    },
  ],
  "custom-everything-knative": [
    {
      ...KINDS.custom,
      minReplicas: 0,
      maxReplicas: 3,
      scaleMetric: "concurrency",
      scaleTarget: 10,
      containerConcurrency: 20,
      timeoutSeconds: 60,
      resources: QUANTITIES,
      gpu: { count: 2, resource: "amd.com/gpu" },
      identity: { gcpServiceAccount: "reader@project.iam.gserviceaccount.com" },
      logger: { url: "http://broker.models/default", mode: "request" },
      transformer: { image: "registry.example.com/prepare:1", minReplicas: 0 },
      canary: { trafficPercent: 20 },
      startupTimeoutSeconds: 1200,
      podSecurity: "none",
    },
    { mode: "Knative" },
  ],
  "sklearn-canary-standard": [
    { ...KINDS.sklearn, minReplicas: 2, canary: { trafficPercent: 25 }, secret: "store-keys" },
    {
      model: {
        storageUri: "s3://models/iris/5c3f",
        contentHash: "5c3f",
        format: "sklearn",
        formatVersion: "1",
      },
      stable: {
        minReplicas: 2,
        model: { modelFormat: { name: "sklearn" }, storageUri: "s3://models/iris/1a2b" },
      },
    },
  ],
  "custom-canary-standard": [
    { ...KINDS.custom, resources: QUANTITIES, canary: { trafficPercent: 25 } },
    {
      stable: {
        name: "canary",
        containers: [{ name: "kserve-container", image: "registry.example.com/digits:1" }],
      },
    },
  ],
  "sklearn-beside-account-standard": [
    { ...KINDS.sklearn, serviceAccountName: "models", secret: "store-keys", protocolVersion: "v2" },
  ],
  "pytorch-on-triton-standard": [
    {
      predictor: "pytorch",
      model: {
        uri: "s3://models/repository",
        format: { name: "pytorch", version: "1" },
        runtime: "kserve-tritonserver",
        runtimeVersion: "24.05-py3",
      },
      protocolVersion: "v2",
    },
  ],
  "sklearn-on-mlserver-standard": [
    { predictor: "sklearn", model: { uri: "s3://models/iris", runtime: "kserve-mlserver" } },
  ],
  "sklearn-on-mlserver-knative": [
    { predictor: "sklearn", model: { uri: "s3://models/iris", runtime: "kserve-mlserver" } },
    { mode: "Knative" },
  ],
  "keda-standard": [
    {
      ...KINDS.onnx,
      minReplicas: 0,
      autoscalerClass: "keda",
      autoScaling: {
        metrics: [
          {
            type: "External",
            external: {
              metric: { backend: "prometheus", serverAddress: "http://prometheus:9090", query: "sum(up)" },
              target: { type: "Value", value: "2" },
            },
          },
        ],
      },
    },
  ],
  "custom-standard-v0.9": [{ ...KINDS.custom, ...OLD() }, { version: "v0.9.0" }],
  "custom-knative-v0.9": [
    { ...KINDS.custom, ...OLD() },
    { mode: "Knative", version: "v0.9.0" },
  ],
  "sklearn-standard-v0.11": [KINDS.sklearn, { version: "v0.11.2" }],
  "custom-standard-v0.13": [{ ...KINDS.custom, autoscalerClass: "external" }, { version: "v0.13.1" }],
  "custom-standard-v0.15": [
    { ...KINDS.custom, autoscalerClass: "none", replicas: 3 },
    { version: "v0.15.2" },
  ],
};

/** Settings that the oldest release has as well. */
function OLD(): DeployConfig {
  return {
    resources: QUANTITIES,
    tolerations: [{ key: "team", value: "ml" }],
    spreadOver: "topology.kubernetes.io/zone",
    secret: {
      azure_client_id: "client",
      azure_client_secret: "secret-that-stays-hidden",
      azure_tenant_id: "tenant",
      azure_subscription_id: "subscription",
    },
    model: "https://account.blob.core.windows.net/models/digits",
    logger: { url: "http://events.models", mode: "all" },
    transformer: { image: "registry.example.com/prepare:1" },
  };
}

function crdOf({ version = "v0.20.0" }: PlanFacts = {}): CrdVersion {
  return version.slice(1) as CrdVersion;
}

describe("the manifests of a plan", () => {
  it.each(Object.entries(EXAMPLES))("are those of golden/%s.yaml", async (name, [deploy, facts]) => {
    const yaml = toYaml(render(planOf(deploy, facts)));
    await expect(yaml).toMatchFileSnapshot(`../golden/${name}.yaml`);
  });

  it.each(Object.entries(EXAMPLES))("%s fits the CRD of its release", async (_, [deploy, facts]) => {
    const problems = await crdProblems(crdOf(facts));
    const services = render(planOf(deploy, facts)).filter(({ kind }) => kind === "InferenceService");
    expect(services.map(problems)).toEqual([[]]);
  });

  it("are the same for the same plan, whatever the order of writing", () => {
    const one = planOf({ ...KINDS.custom, env: { A: "1", B: "2" } });
    const other = planOf({ env: { B: "2", A: "1" }, ...KINDS.custom });
    expect(toYaml(render(one))).toBe(toYaml(render(other)));
  });
});

describe("a standard model's readiness", () => {
  const probed = (deploy: DeployConfig) => {
    const [service] = render(planOf(deploy));
    return (service?.["spec"] as { predictor: { model: object } }).predictor.model;
  };
  const onMlserver = {
    predictor: "sklearn",
    model: { uri: "s3://models/iris", runtime: "kserve-mlserver" },
  } as const;

  const mlserver: RuntimeFacts = {
    name: "kserve-mlserver",
    isNamespaced: false,
    isUsable: true,
    formats: [{ name: "sklearn", version: "1", isAuto: true, priority: 2 }],
    protocols: ["v2"],
    mlserverPort: 8081,
  };
  const { mlserverPort: _, ...unlike } = mlserver;
  const other: RuntimeFacts = { ...unlike, name: "other" };
  const picked = (runtimes: readonly RuntimeFacts[], deploy: DeployConfig = {}) => {
    const [service] = render(planOf({ ...KINDS.sklearn, protocolVersion: "v2", ...deploy }, { runtimes }));
    const { model } = (service?.["spec"] as { predictor: { model: { readinessProbe?: object } } }).predictor;
    return model.readinessProbe;
  };
  const asked = { httpGet: { path: "/v2/health/ready", port: 8081 } };

  it.each<[string, readonly RuntimeFacts[], DeployConfig?]>([
    ["alone", [mlserver]],
    [
      "of the highest priority",
      [{ ...other, formats: [{ name: "sklearn", isAuto: true, priority: 1 }] }, mlserver],
    ],
    [
      "with a priority, unlike another",
      [{ ...other, formats: [{ name: "sklearn", isAuto: true }] }, mlserver],
    ],
    ["the only one that may be taken", [{ ...other, isUsable: false }, mlserver]],
    ["the only one with the protocol", [{ ...other, protocols: ["v1"] }, mlserver]],
    ["the only one of the namespace", [other, { ...mlserver, isNamespaced: true }]],
    [
      "the only one with the version",
      [{ ...other, formats: [{ name: "sklearn", version: "0", isAuto: true, priority: 9 }] }, mlserver],
      { model: { uri: "s3://models/iris", format: { name: "sklearn", version: "1" } } },
    ],
    ["named", [other, mlserver], onMlserver],
  ])("is asked for where KServe picks MLServer, which is %s", (_name, runtimes, deploy) => {
    expect(picked(runtimes, deploy)).toMatchObject(asked);
  });

  it.each<[string, readonly RuntimeFacts[], DeployConfig?]>([
    ["another may be picked as well", [other, mlserver]],
    ["the namespace has its own", [mlserver, { ...other, isNamespaced: true }]],
    ["MLServer has not the protocol", [mlserver], { protocolVersion: "v1" }],
    ["MLServer is not picked by itself", [{ ...mlserver, formats: [{ name: "sklearn", isAuto: false }] }]],
    ["another is named", [other, mlserver], { model: { uri: "s3://models/iris", runtime: "other" } }],
    ["there is no runtime", []],
  ])("is left to KServe where %s", (_name, runtimes, deploy) => {
    expect(picked(runtimes, deploy)).toBeUndefined();
  });

  it("is asked for twice where the runtime is named and known, since MLServer is ready without models too", () => {
    expect(probed(onMlserver)).toMatchObject({
      readinessProbe: { httpGet: { path: "/v2/health/ready", port: 8080 }, successThreshold: 2 },
    });
  });

  it.each<[string, DeployConfig["env"], string]>([
    ["the service's", undefined, "digits"],
    ["a variable's", { MLSERVER_MODEL_NAME: "iris" }, "iris"],
  ])("is the model's own where its files are ours, by %s name", (_, env, name) => {
    const model = { storageUri: "s3://models/iris/5c3f", contentHash: "5c3f" };
    const [service] = render(planOf({ ...onMlserver, ...(env && { env }) }, { model }));
    expect(service?.["spec"]).toMatchObject({
      predictor: { model: { readinessProbe: { httpGet: { path: `/v2/models/${name}/ready`, port: 8080 } } } },
    });
  });

  it.each<[string, DeployConfig]>([
    ["KServe picks the runtime, and it is not known which", { ...KINDS.sklearn, protocolVersion: "v2" }],
    ["the runtime is another", { ...onMlserver, model: { ...onMlserver.model, runtime: "ours" } }],
    ["KServe's agent stands before it", { ...onMlserver, batcher: { maxBatchSize: 8 } }],
  ])("is left to KServe where %s", (_, deploy) => {
    expect(probed(deploy)).not.toHaveProperty("readinessProbe");
  });
});

describe("another model under the same URI", () => {
  const hash = { "kserve-ts/model-hash": "5c3f" };
  const rendered = (version: string) => {
    const [service] = render(
      planOf(KINDS.sklearn, { version, model: { storageUri: "s3://a", contentHash: "5c3f" } }),
    );
    const { predictor } = service?.["spec"] as { predictor: { annotations?: object } };
    return { service: service?.metadata.annotations, predictor: predictor.annotations };
  };

  it("rolls the predictor's pods out, and no others", () => {
    const { service, predictor } = rendered("v0.20.0");
    expect(predictor).toEqual(hash);
    expect(service).not.toMatchObject(hash);
  });

  it("rolls all of them out where a release copies no other annotations", () => {
    const { service, predictor } = rendered("v0.10.2");
    expect(predictor).toBeUndefined();
    expect(service).toMatchObject(hash);
  });
});

describe("the check against a CRD", () => {
  it("refuses a field that the CRD does not name", async () => {
    const problems = await crdProblems("0.20.0");
    const [service] = render(planOf(KINDS.sklearn));
    const spec = { predictor: { model: { modelFormat: { name: "sklearn" }, storageURI: "s3://a/b" } } };
    expect(problems({ ...service, spec }).join()).toMatch(/storageURI/);
  });

  it("refuses what a newer release has", async () => {
    const problems = await crdProblems("0.15.2");
    const [service] = render(planOf(KINDS.sklearn));
    expect(problems({ ...service, spec: { ...(service?.["spec"] as object), canary: [] } })).not.toEqual([]);
  });
});
