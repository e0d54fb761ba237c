import { describe, expect, it } from "vitest";
import { planWarnings } from "../../../deployer/manifests/warnings.ts";
import { KINDS, planOf } from "../plans.ts";

describe("the warnings of a plan", () => {
  it("say as whom a model is read where no credentials are given", () => {
    expect(planWarnings(planOf(KINDS.sklearn))).toEqual([
      "No credentials are given for s3://models/iris: it is read as the ServiceAccount default in models, " +
        "with the Secrets that it lists, else as the node's role.",
    ]);
    expect(planWarnings(planOf({ ...KINDS.sklearn, secret: "keys" }))).toEqual([]);
    expect(planWarnings(planOf({ ...KINDS.sklearn, identity: { awsRoleArn: "arn" } }))).toEqual([]);
  });

  it("name the features that Knative must have enabled", () => {
    const deploy = { ...KINDS.xgboost, nodeSelector: { disk: "ssd" } };
    expect(planWarnings(planOf(deploy))).toEqual([]);
    const warnings = planWarnings(planOf(deploy, { mode: "Knative" }));
    expect(warnings.map((warning) => warning.split(" ").slice(0, 3).join(" "))).toEqual([
      "nodeSelector needs kubernetes.podspec-nodeselector",
      "pvc:// needs kubernetes.podspec-persistent-volume-claim",
    ]);
  });

  it("say that a canary needs the Gateway API on Standard", () => {
    const deploy = { ...KINDS.sklearn, secret: "keys", canary: { trafficPercent: 10 } };
    expect(planWarnings(planOf(deploy))).toEqual([expect.stringMatching(/only the Gateway API/)]);
    expect(planWarnings(planOf(deploy, { mode: "Knative" }))).toEqual([]);
  });
});
