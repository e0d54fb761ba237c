import { eventCount } from "../kube-shapes.ts";
import type { Pod } from "../kube-shapes.ts";
import { type Snapshot, eventsOf, statusesOf } from "../snapshot.ts";
import { type Finding, passing, quoted } from "./finding.ts";

/** Milliseconds that what a volume is made of may come after the pod. */
const MISSING_HOLD_MS = 1500;

/** So many failures of one kind are no accident. */
const OFTEN = 3;

/** A node that cannot make a pod's surroundings: its network, or there is too little memory for them. */
export function sandboxFinding(snapshot: Snapshot, pod: Pod): Finding | undefined {
  if (hasBegun(pod)) return undefined;
  const events = eventsOf(snapshot, "Pod", pod.metadata.name);
  const message = events.findLast(({ reason }) => reason === "FailedCreatePodSandBox")?.message;
  if (message === undefined) return undefined;
  return passing({
    reason: "container-config",
    message: `The node cannot start the pod: ${quoted(message)}.`,
    hint: "Raise resources.limits.memory if it is a few MiB only; else the node's network or container runtime is broken.",
    pod: pod.metadata.name,
  });
}

/** A volume that cannot be mounted. Kubelet tells of it in events alone. */
export function volumeFinding(snapshot: Snapshot, pod: Pod): Finding | undefined {
  // A pod whose containers have begun has its volumes.
  if (statusesOf(pod).some(({ state }) => state?.running !== undefined || state?.terminated !== undefined)) {
    return undefined;
  }
  const event = eventsOf(snapshot, "Pod", pod.metadata.name).findLast(({ reason = "" }) =>
    ["FailedMount", "FailedAttachVolume", "FailedMapVolume"].includes(reason),
  );
  if (event === undefined) return undefined;
  const message = event.message ?? "";
  const missing = /(secret|configmap) "([^"]+)" not found/i.exec(message);
  const cause = {
    reason: "volume",
    message: `A volume of the pod cannot be mounted: ${quoted(message)}.`,
    hint: hintOf(message, missing),
    pod: pod.metadata.name,
  } as const;
  if (missing !== null) return passing(cause, MISSING_HOLD_MS);
  return passing(cause, eventCount(event) >= OFTEN && !/timed out waiting/.test(message) ? 0 : Infinity);
}

function hasBegun(pod: Pod): boolean {
  return statusesOf(pod).some(({ state }) => state?.running !== undefined || state?.terminated !== undefined);
}

function hintOf(message: string, missing: RegExpExecArray | null): string {
  if (missing !== null) {
    const kind = missing[1]?.toLowerCase() === "secret" ? "Secret" : "ConfigMap";
    return `Create the ${kind} ${missing[2]} in this namespace.`;
  }
  if (/Multi-Attach/.test(message)) {
    return "The volume is on another node, with a pod that still runs: use a claim that many nodes may mount (ReadOnlyMany).";
  }
  return "Check the volume and what it is made of (kubectl describe pod).";
}
