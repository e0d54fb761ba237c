import { describe, expect, it } from "vitest";
import { containersOf } from "../../../deployer/logs/container-runs.ts";
import { podOf } from "../pods.ts";

const ended = (id: string, exitCode: number, reason: string) => ({
  containerID: id,
  exitCode,
  reason,
  startedAt: "2026-11-23T06:27:52Z",
});

describe("the runs of a pod's containers", () => {
  it("of one that runs for the first time are that one", () => {
    const pod = podOf("a", {
      status: {
        containerStatuses: [
          {
            name: "kserve-container",
            containerID: "c1",
            restartCount: 0,
            state: { running: {} },
            lastState: {},
          },
        ],
      },
    });
    expect(containersOf(pod)).toEqual([
      { name: "kserve-container", restarts: 0, runs: [{ id: "c1", isPrevious: false, isRunning: true }] },
    ]);
  });

  it("of one that was restarted are the last that ended, and the one that runs", () => {
    const pod = podOf("a", {
      status: {
        containerStatuses: [
          {
            name: "kserve-container",
            containerID: "c2",
            restartCount: 1,
            state: { running: {} },
            lastState: { terminated: ended("c1", 137, "OOMKilled") },
          },
        ],
      },
    });
    expect(containersOf(pod)[0]?.runs).toEqual([
      { id: "c1", isPrevious: true, isRunning: false, end: "exit code 137 (OOMKilled)" },
      { id: "c2", isPrevious: false, isRunning: true },
    ]);
  });

  it("of one that is held back after a crash are the last that ended, and it waits with the cluster's words", () => {
    const pod = podOf("a", {
      status: {
        containerStatuses: [
          {
            name: "kserve-container",
            containerID: "c1",
            restartCount: 3,
            state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 40s restarting" } },
            lastState: { terminated: ended("c1", 1, "Error") },
          },
        ],
      },
    });
    expect(containersOf(pod)).toEqual([
      {
        name: "kserve-container",
        restarts: 3,
        waiting: "CrashLoopBackOff: back-off 40s restarting",
        runs: [{ id: "c1", isPrevious: true, isRunning: false, end: "exit code 1 (Error)" }],
      },
    ]);
  });

  it("come with init containers first, and the server before its sidecars", () => {
    const pod = podOf("a", {
      spec: {
        initContainers: [{ name: "storage-initializer" }],
        containers: [{ name: "agent" }, { name: "kserve-container" }],
      },
      status: {
        initContainerStatuses: [
          {
            name: "storage-initializer",
            restartCount: 0,
            state: { terminated: ended("i1", 0, "Completed") },
          },
        ],
      },
    });
    expect(containersOf(pod).map(({ name }) => name)).toEqual([
      "storage-initializer",
      "kserve-container",
      "agent",
    ]);
    expect(containersOf(pod)[0]?.runs).toEqual([
      { id: "i1", isPrevious: false, isRunning: false, end: "exit code 0 (Completed)" },
    ]);
  });

  it("of a pod without a node are none, and it waits for the scheduler's reason", () => {
    const message = "0/1 nodes are available: 1 Insufficient cpu.";
    const conditions = [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }];
    expect(containersOf(podOf("a", { status: { phase: "Pending", conditions } }))).toEqual([
      { name: "kserve-container", runs: [], restarts: 0, waiting: `Unschedulable: ${message}` },
    ]);
  });

  it("of a pod that is over and left no word of them are none, and nothing is waited for", () => {
    expect(containersOf(podOf("a", { status: { phase: "Failed" } }))).toEqual([
      { name: "kserve-container", runs: [], restarts: 0 },
    ]);
  });
});
