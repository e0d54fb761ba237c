import { describe, expect, it } from "vitest";
import { summarize } from "../../../deployer/rollout/list-services.ts";
import { knativeCanary, observed, observedList } from "./fixtures.ts";

describe("a list's line of an InferenceService", () => {
  it("says what runs, where, and that it is ready", () => {
    expect(summarize(observed("ready"), [])).toEqual({
      name: "custom",
      namespace: "default",
      state: "ready",
      mode: "Standard",
      predictor: "custom localhost/echo:testbed",
      readyReplicas: 0,
      replicas: 0,
      canaries: [],
      url: "http://custom-default.example.com",
      createdAt: "2026-11-23T06:22:28Z",
      isOurs: false,
    });
  });

  it("counts the pods that take requests, and shows a canary's share", () => {
    const summary = summarize(observed("canary"), observedList("canary-pods"));
    expect(summary).toMatchObject({
      predictor: "sklearn gs://kfserving-examples/models/sklearn/1.0/model",
      readyReplicas: 2,
      replicas: 2,
      canaries: [{ name: "next", trafficPercent: 50, ready: true }],
    });
  });

  it("does not count pods of others, nor guess where pods may not be listed", () => {
    expect(summarize(observed("ready"), observedList("canary-pods"))).toMatchObject({ replicas: 0 });
    expect(summarize(observed("ready"), undefined)).not.toHaveProperty("replicas");
  });

  it("tells stopped and unknown from not ready", () => {
    expect(summarize(observed("stopped"), [])).toMatchObject({ state: "stopped", mode: "Standard" });
    expect(summarize(observed("no-runtime"), [])).toMatchObject({
      state: "unknown",
      predictor: "nosuchformat gs://a/b",
    });
    expect(summarize(observed("crashes"), [])).toMatchObject({
      state: "not ready",
      reason: "MinimumReplicasUnavailable",
    });
    const deleting = { ...observed("ready") };
    const metadata = { ...deleting.metadata, deletionTimestamp: "2026-11-23T07:00:00Z" };
    expect(summarize({ ...deleting, metadata }, [])).toMatchObject({ state: "deleting" });
  });

  it("shows the latest revision's share on Knative", () => {
    expect(summarize(knativeCanary(20), [])).toMatchObject({
      mode: "Knative",
      canaries: [{ name: "latest revision", trafficPercent: 20 }],
      url: "http://custom-predictor.default.example.com",
    });
  });
});
