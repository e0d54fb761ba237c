import { describe, expect, it } from "vitest";
import { changesBetween, viewLines } from "../../../cli/deploy/view-lines.ts";
import type { RolloutView } from "../../../deployer/rollout/progress.ts";

const pod = { name: "m-1", component: "predictor", state: "Pending", ready: false, restarts: 0, isNew: true };
const VIEW: RolloutView = {
  name: "m",
  namespace: "ml",
  observed: true,
  ready: false,
  revision: "m-predictor-7f",
  conditions: [
    { type: "IngressReady", status: "True" },
    { type: "Ready", status: "False", reason: "NotYet", message: "wait" },
  ],
  pods: [pod, { ...pod, name: "m-0", state: "Running", ready: true, isNew: false, restarts: 2 }],
};

describe("a rollout on a terminal", () => {
  it("has its conditions, and its pods in columns", () => {
    expect(viewLines(VIEW, "1.0 s", (_style, text) => text)).toEqual([
      "m in ml is rolled out, revision m-predictor-7f  1.0 s",
      "  ✔ IngressReady is True",
      "  … Ready is False (NotYet: wait)",
      "  · predictor  m-1  Pending",
      "  ✔ predictor  m-0  Running  old, restarted 2 times",
    ]);
  });

  it("has ten pods, and the number of the others", () => {
    const pods = Array.from({ length: 12 }, (_, at) => ({ ...pod, name: `m-${at}` }));
    const lines = viewLines({ ...VIEW, pods }, "1.0 s", (_style, text) => text);
    expect(lines).toHaveLength(14);
    expect(lines.at(-1)).toBe("  and 2 pods more");
  });
});

describe("a rollout in a pipe", () => {
  it("tells everything once, and then what has changed", () => {
    expect(changesBetween(undefined, VIEW)).toEqual([
      "revision m-predictor-7f",
      "IngressReady is True",
      "Ready is False (NotYet: wait)",
      "pod m-1: Pending",
      "pod m-0: Running, ready (old, restarted 2 times)",
    ]);
    expect(changesBetween(VIEW, VIEW)).toEqual([]);
    const later = {
      ...VIEW,
      conditions: [
        { type: "IngressReady", status: "True" },
        { type: "Ready", status: "True" },
      ] as const,
      pods: [{ ...pod, state: "Running", ready: true }],
    };
    expect(changesBetween(VIEW, later)).toEqual([
      "Ready is True",
      "pod m-1: Running, ready",
      "pod m-0: gone",
    ]);
  });
});
