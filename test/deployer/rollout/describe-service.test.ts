import { describe, expect, it } from "vitest";
import { describeLines } from "../../../cli/operate/describe-lines.ts";
import { serviceTable } from "../../../cli/operate/service-table.ts";
import { layOut } from "../../../cli/terminal/columns.ts";
import type { KubeObject } from "../../../deployer/cluster/cluster.ts";
import { describeSnapshot } from "../../../deployer/rollout/describe-service.ts";
import type { Deployment, KubeEvent, Pod } from "../../../deployer/rollout/kube-shapes.ts";
import { summarize } from "../../../deployer/rollout/list-services.ts";
import { isNoise } from "../../../deployer/rollout/service/recent-events.ts";
import { type Snapshot, emptySnapshot } from "../../../deployer/rollout/snapshot.ts";
import { knativeCanary, observed, observedList } from "./fixtures.ts";

const NOW = Date.parse("2026-11-23T07:00:00Z");
const plain = (_format: unknown, text: string) => text;

function event(reason: string, message: string, type = "Warning", name = "canaried"): KubeEvent {
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: reason, namespace: "default" },
    type,
    reason,
    message,
    lastTimestamp: "2026-11-23T06:55:00Z",
    involvedObject: { kind: "InferenceService", name },
  };
}

function snapshotOf(service: KubeObject, rest: Partial<Snapshot> = {}): Snapshot {
  return { ...emptySnapshot(service, NOW), watchedMs: Infinity, ...rest };
}

describe("a description", () => {
  it("of a canary shows both predictors' pods, the share and what KServe says", () => {
    const pods = observedList("canary-pods") as readonly Pod[];
    const deployments = observedList("canary-deployments") as readonly Deployment[];
    const events = [
      event("InternalError", "fails to build resources for canary next: specified runtime does not fit"),
      event("UpdateFailed", "the object has been modified; please apply your changes to the latest version"),
      event("InferenceServiceReady", "InferenceService [canaried] is Ready", "Normal"),
      event("InternalError", "of another", "Warning", "canaried-too"),
    ];
    const description = describeSnapshot(snapshotOf(observed("canary"), { pods, events, deployments }));
    expect(describeLines(description, plain, NOW).join("\n")).toMatchInlineSnapshot(`
      "canaried in default is ready

        predictor       sklearn gs://kfserving-examples/models/sklearn/1.0/model
        runtime         kserve-sklearnserver
        mode            Standard
        URL             http://canaried-default.example.com
        in the cluster  http://canaried-stable-predictor.default.svc.cluster.local
        generation      1, carried out
        made            17m ago, not by kserve-ts

      Canaries
        next  50 %  ready

      Conditions
        CanaryPredictorReady  True   AllCanariesReady
        IngressReady          True
        PredictorReady        True   NewReplicaSetAvailable  ReplicaSet "canaried-stable-predictor-5c47d7d8c6" has successfully progressed.
        Ready                 True
        Stopped               False

      Made of
        Deployment  canaried-next-predictor    1 of 1 available, 1 up to date
        Deployment  canaried-stable-predictor  1 of 1 available, 1 up to date

      Pods
        canaried-next-predictor-85f7f9d568-qwxb8    next       ready  Running
        canaried-stable-predictor-5c47d7d8c6-h2kbq  predictor  ready  Running

      Model
        transition  UpToDate
        active      Loaded
        target      Loaded

      Events
        5m  Warning  InternalError            InferenceService canaried  fails to build resources for canary next: specified runtime does not fit
        5m  Normal   InferenceServiceReady    InferenceService canaried  InferenceService [canaried] is Ready"
    `);
  });

  it("of one that is stopped says so, and takes it for no failure", () => {
    const description = describeSnapshot(snapshotOf(observed("stopped")));
    expect(describeLines(description, plain, NOW).slice(0, 6)).toMatchInlineSnapshot(`
      [
        "custom in default is stopped",
        "",
        "  predictor   custom localhost/echo:testbed",
        "  mode        Standard",
        "  generation  1",
        "  made        37m ago, not by kserve-ts",
      ]
    `);
  });

  it("begins with the cause, what the container said, and what to do", () => {
    const description = describeSnapshot(snapshotOf(observed("no-runtime"), { unreadable: ["pods"] }));
    const cause = {
      reason: "crash-loop",
      message: "It exits with 1.",
      hint: "Correct it.",
      pod: "p",
      container: "kserve-container",
      lastLines: ["told to\u001b[31m fail"],
    } as const;
    const lines = describeLines({ ...description, cause }, plain, NOW);
    expect(lines.slice(0, 5)).toEqual([
      "noruntime in default may not be ready: KServe does not say",
      "  cause: It exits with 1.",
      "  last lines of kserve-container in p:",
      "    told to [31m fail",
      "  hint: Correct it.",
    ]);
    expect(lines.at(-1)).toBe("Nothing is said of pods, which may not be read.");
    expect(lines).toContain(
      "  failure     NoSupportingRuntime: No runtime found to support specified framework/version",
    );
  });

  it("shows Knative's traffic", () => {
    const { traffic, canaries } = describeSnapshot(snapshotOf(knativeCanary(20)));
    expect(traffic).toEqual([
      { revision: "custom-predictor-00002", percent: 20 },
      { revision: "custom-predictor-00001", percent: 80 },
    ]);
    expect(canaries).toEqual([{ name: "latest revision", trafficPercent: 20 }]);
  });
});

describe("the noise among events", () => {
  it("is conflicts, missing metrics and what every pod says, and nothing that one could act upon", () => {
    expect(isNoise(event("FailedGetResourceMetric", "no metrics"))).toBe(true);
    expect(isNoise(event("Scheduled", "assigned", "Normal"))).toBe(true);
    expect(isNoise(event("Failed", "Error: ErrImagePull"))).toBe(false);
    expect(isNoise(event("InternalError", "StorageURI not supported"))).toBe(false);
    expect(isNoise(event("Killing", "Stopping container", "Normal"))).toBe(false);
  });
});

describe("the table of a list", () => {
  it("has a column for the namespace where there are several", () => {
    const services = [
      summarize(observed("canary"), observedList("canary-pods")),
      summarize(observed("crashes"), []),
      summarize(observed("stopped"), undefined),
    ];
    const { headings, rows } = serviceTable(services, [], true, NOW);
    expect(layOut([headings, ...rows]).join("\n")).toMatchInlineSnapshot(`
      "NAMESPACE  NAME      READY                           MODE      PREDICTOR                                                 REPLICAS  CANARY    URL                                  AGE  BY
      default    canaried  yes                             Standard  sklearn gs://kfserving-examples/models/sklearn/1.0/model  2/2       next 50%  http://canaried-default.example.com  17m
      default    crashes   no: MinimumReplicasUnavailable  Standard  custom localhost/echo:testbed                             0/0                 http://crashes-default.example.com   33m
      default    custom    stopped                         Standard  custom localhost/echo:testbed                                                                                      37m"
    `);
  });
});
