import { describe, expect, it } from "vitest";
import { RolloutFailed, RolloutTimeout } from "../../../deployer/rollout/failure.ts";
import type { InferenceService } from "../../../deployer/rollout/kube-shapes.ts";
import { isSame } from "../../../deployer/rollout/same.ts";
import type { Snapshot } from "../../../deployer/rollout/snapshot.ts";
import { podState, viewOf } from "../../../deployer/rollout/view.ts";
import { recorded } from "./snapshots.ts";

/** The recorded update once its new pod serves, with members of its Deployment's status laid over. */
function served(status: object = {}, service: Partial<InferenceService> = {}): Snapshot {
  const snapshot = recorded("old-pod-crashes");
  const done = { replicas: 1, updatedReplicas: 1, availableReplicas: 1 };
  const ready = { conditions: [{ type: "Ready", status: "True" }] };
  return {
    ...snapshot,
    service: { ...snapshot.service, status: ready, ...service },
    deployments: snapshot.deployments.map((deployment) => ({
      ...deployment,
      status: { observedGeneration: deployment.metadata.generation ?? 1, ...done, ...status },
    })),
    watchedMs: 60_000,
  };
}

describe("how a rollout stands", () => {
  it("is ready once every pod is new and serves", () => {
    expect(viewOf(served()).ready).toBe(true);
  });

  it.each([
    ["an old pod serves beside them", { replicas: 2 }],
    ["a new pod is missing", { updatedReplicas: 0, replicas: 0 }],
    ["a new pod does not serve", { availableReplicas: 0 }],
    ["the Deployment has not been seen to", { observedGeneration: 0 }],
  ])("is not ready while %s", (_what, status) => {
    expect(viewOf(served(status)).ready).toBe(false);
  });

  it("is not ready while a canary is not, though the service says Ready", () => {
    const { spec } = recorded("old-pod-crashes").service;
    const canary = [{ predictor: { name: "next" }, trafficPercent: 10 }];
    expect(viewOf(served({}, { spec: { ...spec, canary } })).ready).toBe(false);
  });

  it("goes by the service's word alone where its Deployments may not be read", () => {
    const blind = { ...served(), deployments: [], pods: [], unreadable: ["deployments", "pods"] };
    expect(viewOf(blind).ready).toBe(true);
    expect(viewOf({ ...blind, watchedMs: 100 }).ready).toBe(false);
  });

  it.each([
    ["image-pull", "ErrImagePull"],
    ["initializer", "Init:Error"],
    ["unschedulable", "Pending"],
    ["out-of-memory", "OOMKilled"],
  ])("has the pod's state in kubectl's words: %s", (name, state) => {
    expect(viewOf(recorded(name)).pods).toMatchObject([
      { component: "predictor", state, ready: false, isNew: true },
    ]);
  });

  it("counts a container that runs beside the others as begun", () => {
    const [pod] = recorded("crash-loop").pods;
    if (pod === undefined) throw new Error("no pod was recorded");
    const spec = { containers: [], initContainers: [{ name: "modelcar", restartPolicy: "Always" }] };
    const running = { running: { startedAt: "2026-11-25T09:00:00Z" } };
    const initContainerStatuses = [{ name: "modelcar", started: true, state: running }];
    expect(podState({ ...pod, spec, status: { phase: "Running", initContainerStatuses } })).toBe("Running");
    const plain = { containers: [], initContainers: [{ name: "modelcar" }] };
    expect(podState({ ...pod, spec: plain, status: { phase: "Pending", initContainerStatuses } })).toBe(
      "Init:0/1",
    );
  });
});

describe("a rollout's error", () => {
  const view = viewOf(recorded("crash-loop"));
  const cause = {
    reason: "crash-loop",
    message: "The container a ended with exit code 1.",
    hint: "Correct it.",
    pod: "p",
    container: "a",
    lastLines: ["one", "two"],
  } as const;

  it("has the cause, the last lines and the hint", () => {
    const error = new RolloutFailed(cause, view);
    expect(error.message).toBe(
      "digits does not come up: The container a ended with exit code 1.\nlast lines of a in p:\n  one\n  two",
    );
    expect(error).toMatchObject({ code: "KTS_ROLLOUT_FAILED", exitCode: 11, hint: "Correct it.", cause });
  });

  it("says how it stood when the time was up, and what could not be read", () => {
    const error = new RolloutTimeout(30_000, view, undefined, ["events"]);
    expect(error.message).toMatch(
      /^digits was not ready after 30 s; 0 of 1 new pods ready, digits-predictor-\S+ Error/,
    );
    expect(error.message).toMatch(/no permission to read events/);
    expect(error.exitCode).toBe(12);
  });
});

describe("two states of an object", () => {
  const object = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "a", namespace: "b", resourceVersion: "1", labels: { x: "y" } },
  };

  it("ask for the same whatever the server counts", () => {
    const later = {
      ...object,
      metadata: { ...object.metadata, resourceVersion: "2", generation: 3 },
      status: {},
    };
    expect(isSame(object, later)).toBe(true);
  });

  it("do not where a label or a value differs", () => {
    expect(isSame(object, { ...object, metadata: { ...object.metadata, labels: {} } })).toBe(false);
    expect(isSame(object, { ...object, data: { KEY: "dg==" } })).toBe(false);
  });
});
