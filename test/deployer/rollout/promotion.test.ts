import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../../deployer/cluster/cluster.ts";
import { mergePatch } from "../../../deployer/rollout/canary/change-service.ts";
import { mergePredictor } from "../../../deployer/rollout/canary/merge-predictor.ts";
import { canaryRemoval, hasCanary, promotion } from "../../../deployer/rollout/canary/promotion.ts";
import { problemOf } from "../problem-of.ts";
import { knativeCanary, observed } from "./fixtures.ts";

const canaried = observed("canary");

function withUri(service: KubeObject, uri: string): KubeObject {
  const spec = structuredClone(service["spec"]) as {
    canary: { predictor: { model: { storageUri: string } } }[];
  };
  for (const { predictor } of spec.canary) predictor.model.storageUri = uri;
  return { ...service, spec };
}

describe("a promotion on Standard", () => {
  it("puts the canary with its name in the predictor's place, and keeps what it cannot have", () => {
    expect(promotion(canaried)).toEqual({
      canary: "next",
      keepsPods: true,
      spec: {
        predictor: {
          minReplicas: 1,
          name: "next",
          model: {
            modelFormat: { name: "sklearn" },
            name: "",
            resources: {},
            storageUri: "gs://kfserving-examples/models/xgboost/iris",
          },
        },
      },
    });
  });

  it("keeps the predictor's name where the model's URI is the same, as KServe would refuse another", () => {
    const same = withUri(canaried, "gs://kfserving-examples/models/sklearn/1.0/model");
    const { spec, keepsPods } = promotion(same);
    expect({ keepsPods, spec }).toMatchObject({ keepsPods: false, spec: { predictor: { name: "stable" } } });
    expect(spec).not.toHaveProperty("canary");
  });

  it("is refused while the canary is not ready, unless it is forced", () => {
    const status = { ...(canaried["status"] as object), canaryStatuses: [{ name: "next", ready: false }] };
    const waiting = { ...canaried, status };
    expect(problemOf(() => promotion(waiting))).toBe(
      "canaried: its canary next is not ready, and would get every request",
    );
    expect(promotion(waiting, { force: true }).canary).toBe("next");
  });

  it("is refused without a canary, or with several of which none is named", () => {
    expect(problemOf(() => promotion(observed("ready")))).toBe("custom has no canary");
    const [entry] = (canaried["spec"] as { canary: { predictor: object }[] }).canary;
    const other = { ...entry, predictor: { ...entry?.predictor, name: "other" } };
    const two = { ...canaried, spec: { ...(canaried["spec"] as object), canary: [entry, other] } };
    expect(problemOf(() => promotion(two))).toBe("canaried has several canaries: next, other");
    expect(problemOf(() => promotion(two, { canary: "third" }))).toBe(
      "canaried has no canary third, only next, other",
    );
    expect(promotion(two, { canary: "next" }).spec["canary"]).toEqual([other]);
  });
});

describe("a promotion on Knative", () => {
  it("takes the share away, so that the latest revision gets everything", () => {
    const { spec, canary } = promotion(knativeCanary(20));
    expect(canary).toBe("latest revision");
    expect(spec["predictor"]).not.toHaveProperty("canaryTrafficPercent");
  });
});

describe("taking a canary back", () => {
  it("removes it on Standard, and leaves the predictor", () => {
    const { predictor } = canaried["spec"] as { predictor: object };
    expect(canaryRemoval(canaried).spec).toEqual({ predictor });
  });

  it("gives it no requests on Knative, where it then is none any more", () => {
    expect(canaryRemoval(knativeCanary(20)).spec).toMatchObject({ predictor: { canaryTrafficPercent: 0 } });
    expect([20, 0].map((percent) => hasCanary(knativeCanary(percent)))).toEqual([true, false]);
    expect(hasCanary(observed("ready"))).toBe(false);
  });
});

describe("a canary's predictor laid over the running one", () => {
  it("keeps what is empty in it, replaces lists, and merges objects", () => {
    const stable = { minReplicas: 2, name: "a", model: { args: ["x"], env: [{ name: "A" }], name: "m" } };
    const canary = { name: "b", model: { args: [], env: [{ name: "B" }], name: "" } };
    expect(mergePredictor(stable, canary)).toEqual({
      minReplicas: 2,
      name: "b",
      model: { args: ["x"], env: [{ name: "B" }], name: "m" },
    });
  });
});

describe("a merge patch", () => {
  it("has what changes, and null for what goes", () => {
    const from = { predictor: { name: "a", args: ["x"], same: { deep: 1 } }, canary: [{}] };
    expect(mergePatch(from, { predictor: { name: "b", args: ["y"], same: { deep: 1 } } })).toEqual({
      predictor: { name: "b", args: ["y"] },
      canary: null,
    });
  });
});
