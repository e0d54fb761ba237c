import { describe, expect, it } from "vitest";
import type { DeployConfig } from "../../../contract/deploy-config.ts";
import { checkSettings } from "../../../deployer/config/check-settings.ts";
import type { CheckFacts } from "../../../deployer/config/problem.ts";
import { resolveSettings } from "../../../deployer/config/settings.ts";
import { problemOf } from "../problem-of.ts";

function problem(deploy: DeployConfig, facts: CheckFacts = {}): string {
  return problemOf(() => checkSettings(resolveSettings([deploy], "digits"), facts));
}

const SKLEARN: DeployConfig = { predictor: "sklearn", model: "s3://models/iris" };

describe("a deployment's name", () => {
  it("may be as long as the longest name that the cluster makes of it allows", () => {
    // isvc.<name>-predictor is a label's value, of 63 characters.
    expect(problem({ name: "a".repeat(48) })).toBe("");
    expect(problem({ name: "a".repeat(49) })).toMatch(
      /^deploy\.name: expected a name shorter by 1: the label app of the pods, isvc\.a+-predictor, may have 63/,
    );
  });

  it("makes the longest host together with the namespace", () => {
    const facts = { mode: "Standard", namespace: "n".repeat(20) } as const;
    expect(problem({ name: "a".repeat(32) }, facts)).toBe("");
    expect(problem({ name: "a".repeat(33) }, facts)).toMatch(
      /shorter by 1: the host, a+-predictor-n+, may have 63/,
    );
  });

  it("is longer with a transformer, a canary or an older release", () => {
    const name = "a".repeat(47);
    expect(problem({ name, transformer: { image: "a" } })).toMatch(/shorter by 1: .*-transformer/);
    expect(problem({ name, ...SKLEARN, canary: { trafficPercent: 1, name: "next" } })).toMatch(
      /-next-predictor/,
    );
    expect(problem({ name }, { version: [0, 15, 2] })).toMatch(/shorter by 7: .*-predictor-default/);
  });

  it("has more room on Knative, whose hosts have the namespace as a part of its own", () => {
    const facts = { mode: "Knative", namespace: "n".repeat(20), domain: "example.com" } as const;
    expect(problem({ name: "a".repeat(48) }, facts)).toBe("");
    expect(problem({ name: "a".repeat(49) }, facts)).toMatch(
      /the host of the earlier revision, prev-a+-predictor/,
    );
  });
});

describe("settings that do not go together", () => {
  it.each<readonly [DeployConfig, CheckFacts, RegExp]>([
    [
      { ...SKLEARN, minReplicas: 0, autoscalerClass: "none" },
      { mode: "Standard" },
      /minReplicas: expected at least 1,/,
    ],
    [{ ...SKLEARN, autoscalerClass: "keda" }, {}, /autoScaling: expected metrics/],
    [
      { ...SKLEARN, autoscalerClass: "hpa" },
      { mode: "Knative" },
      /autoscalerClass: expected none in Knative mode/,
    ],
    [
      { ...SKLEARN, autoscalerClass: "none" },
      { version: [0, 15, 1] },
      /expected hpa before KServe v0\.15\.2/,
    ],
    [
      { ...SKLEARN, autoScaling: { metrics: [] } },
      { version: [0, 14, 0] },
      /autoScaling: expected none before/,
    ],
    [{ ...SKLEARN, scaleMetric: "cpu" }, { mode: "Knative" }, /expected concurrency or rps/],
    [{ ...SKLEARN, containerConcurrency: 4 }, { mode: "Standard" }, /set server\.maxQueueSize/],
    [{ predictor: "sklearn" }, {}, /model: expected the model that sklearn serves/],
    [{ ...SKLEARN, command: ["x"] }, {}, /command: expected none for sklearn/],
    [{ ...SKLEARN, torchServe: {} }, {}, /torchServe: expected none unless predictor is "pytorch"/],
    [{ model: { runtime: "mine" } }, {}, /model\.runtime: expected none for a custom predictor/],
    [
      { ...SKLEARN, predictor: "huggingface" },
      { version: [0, 11, 2] },
      /another kind before KServe v0\.12\.0/,
    ],
    [
      { ...SKLEARN, model: "hf://a/b" },
      { version: [0, 14, 0] },
      /hf:\/\/, which KServe reads since v0\.15\.0/,
    ],
    [{ ...SKLEARN, protocolVersion: "grpc-v1" }, {}, /protocolVersion: expected v1, v2: no stock runtime/],
    [
      { ...SKLEARN, gpu: 1, resources: { limits: { "nvidia.com/gpu": 2 } } },
      {},
      /the number that gpu has, 1/,
    ],
    [
      { annotations: { "serving.kserve.io/autoscalerClass": "hpa" } },
      {},
      /expected none: use autoscalerClass/,
    ],
    [{ annotations: { "internal.serving.kserve.io/agent": "true" } }, {}, /KServe writes these itself/],
    [{ labels: { component: "x" } }, {}, /KServe selects the pods by it/],
    [{ env: { STORAGE_URI: "s3://a/b" } }, {}, /env\.STORAGE_URI: expected none: use model/],
    [
      { serviceAccountName: "a", identity: { awsRoleArn: "b" } },
      {},
      /identity: expected none beside serviceAccountName/,
    ],
    [
      { logger: { url: "http://a", metadataHeaders: ["b"] } },
      { version: [0, 13, 1] },
      /before KServe v0\.15\.0/,
    ],
    [
      { transformer: { image: "a", minReplicas: 2, maxReplicas: 1 } },
      {},
      /transformer\.minReplicas: expected at most/,
    ],
  ])("%j on %j", (deploy, facts, message) => {
    expect(problem(deploy, facts)).toMatch(message);
  });

  it("are those that a runtime of the user's own may take after all", () => {
    const model = { uri: "s3://models/iris", runtime: "mine" };
    expect(problem({ ...SKLEARN, model, protocolVersion: "grpc-v2" })).toBe("");
    expect(problem({ predictor: "huggingface", model }, { version: [0, 11, 2] })).toBe("");
  });

  it("are all named at once", () => {
    const lines = problem({ ...SKLEARN, minReplicas: 3, maxReplicas: 1, image: "a" }).split("\n");
    expect(lines.map((line) => line.split(":")[0])).toEqual(["deploy.image", "deploy.minReplicas"]);
  });
});
