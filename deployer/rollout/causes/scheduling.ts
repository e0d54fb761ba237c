import { conditionOf } from "../kube-shapes.ts";
import type { Pod } from "../kube-shapes.ts";
import { type Snapshot, eventsOf } from "../snapshot.ts";
import { type Finding, passing, quoted, terminal } from "./finding.ts";

/** Milliseconds in which a cluster autoscaler that may be there has said whether it adds a node. */
const AUTOSCALER_HOLD_MS = 20_000;

/** Milliseconds that a pod which is being stopped may make room. */
const ROOM_HOLD_MS = 5000;

/** Events by which cluster autoscalers (the second is Karpenter's) say that a node is coming. */
const NODE_COMES: ReadonlySet<string> = new Set(["TriggeredScaleUp", "Nominated"]);

/** A pod that no node takes. */
export function schedulingFinding(snapshot: Snapshot, pod: Pod): Finding | undefined {
  const scheduled = conditionOf(pod, "PodScheduled");
  if (scheduled?.status !== "False" || scheduled.reason !== "Unschedulable") return undefined;
  const message = scheduled.message ?? "";
  if (/persistentvolumeclaim|PersistentVolume|volume node affinity/.test(message)) {
    return claimFinding(snapshot, pod, message);
  }
  const cause = {
    reason: "unschedulable",
    message: `No node takes the pod ${pod.metadata.name}: ${quoted(shortened(message))}.`,
    hint: hintOf(message),
    pod: pod.metadata.name,
  } as const;
  const events = eventsOf(snapshot, "Pod", pod.metadata.name);
  if (events.some(({ reason = "" }) => NODE_COMES.has(reason))) return passing(cause);
  // Another pod is being stopped for this one.
  if ((pod.status?.nominatedNodeName ?? "") !== "") return passing(cause);
  if (events.some(({ reason }) => reason === "NotTriggerScaleUp")) return terminal(cause);
  if (snapshot.hasAutoscaler !== false) return passing(cause, AUTOSCALER_HOLD_MS);
  const stops = snapshot.pods.some(({ metadata }) => metadata.deletionTimestamp !== undefined);
  return stops ? passing(cause, ROOM_HOLD_MS) : terminal(cause);
}

/** The scheduler says why it stops no other pod as well, which helps nobody. */
function shortened(message: string): string {
  return message.replace(/\s*(?:no new claims to deallocate, )?preemption: .*$/s, "");
}

function hintOf(message: string): string {
  const resources = [...message.matchAll(/Insufficient ([\w./-]+)/g)].map(([, name = ""]) =>
    name.replace(/[.,]$/, ""),
  );
  const [gpu] = resources.filter((name) => /gpu|neuron|tpu/i.test(name));
  if (gpu !== undefined) return `No node has enough free ${gpu}: check gpu, and that the nodes offer it.`;
  if (resources.length > 0) {
    const names = [...new Set(resources)];
    return `Ask for less ${names.join(" and ")} under resources.requests, stop what is not needed, or add a node.`;
  }
  if (/untolerated taint/.test(message)) return "Set tolerations for the nodes' taints, or use other nodes.";
  if (/node affinity\/selector|node\(s\) didn't match Pod's node/.test(message)) {
    return "No node has the labels of nodeSelector: correct it (kubectl get nodes --show-labels).";
  }
  if (/Too many pods/.test(message))
    return "The nodes run as many pods as they may: stop some, or add a node.";
  if (/topology spread/.test(message)) return "Drop spreadOver, or add nodes in other zones.";
  return "Change what keeps the pod from the nodes: resources, nodeSelector, tolerations.";
}

/** A claim that is missing, or that no volume was found for. */
function claimFinding(snapshot: Snapshot, pod: Pod, message: string): Finding {
  const where = { pod: pod.metadata.name };
  const missing = /persistentvolumeclaim "([^"]+)" not found/.exec(message)?.[1];
  if (missing !== undefined) {
    const text = `The claim ${missing} that the pod mounts is not in this namespace.`;
    const hint = "Create the claim, or correct the name in the pvc:// URI.";
    return terminal({ reason: "volume", message: text, hint, ...where });
  }
  const claims = (pod.spec?.volumes ?? [])
    .map(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName)
    .filter((name) => name !== undefined);
  const events = claims.flatMap((name) => eventsOf(snapshot, "PersistentVolumeClaim", name));
  const refused = events.find(({ reason = "" }) => ["FailedBinding", "ProvisioningFailed"].includes(reason));
  const why = quoted(refused?.message ?? shortened(message));
  const cause = {
    reason: "volume",
    message: `The pod's claim ${claims.join(", ")} has no volume: ${why}.`,
    hint: "Check the claim's storage class, size and access mode (kubectl describe pvc).",
    ...where,
  } as const;
  // A provisioner that tries may still get there.
  return refused?.reason === "FailedBinding" ? terminal(cause) : passing(cause);
}
