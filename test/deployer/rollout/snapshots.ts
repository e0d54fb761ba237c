import { readFileSync } from "node:fs";
import type { InferenceService, KubeEvent, Pod } from "../../../deployer/rollout/kube-shapes.ts";
import type { Snapshot } from "../../../deployer/rollout/snapshot.ts";

/** What a real cluster had at the moment that a rollout ended, by the failure. */
export function recorded(name: string): Snapshot {
  const url = new URL(`../../fixtures/cluster/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8")) as Snapshot;
}

/** A snapshot with the first new pod's status laid over. */
export function withPodStatus(snapshot: Snapshot, status: NonNullable<Pod["status"]>): Snapshot {
  const [pod, ...others] = snapshot.pods;
  if (pod === undefined) throw new Error("the snapshot has no pod");
  return { ...snapshot, pods: [{ ...pod, status: { ...pod.status, ...status } }, ...others] };
}

/** A snapshot in which a pod's first container waits. */
export function withWaiting(snapshot: Snapshot, reason: string, message: string): Snapshot {
  return withPodStatus(snapshot, {
    containerStatuses: [{ name: "kserve-container", ready: false, state: { waiting: { reason, message } } }],
  });
}

/** A snapshot with one more event of its first pod. */
export function withEvent(snapshot: Snapshot, reason: string, message: string, count = 1): Snapshot {
  const involvedObject = { kind: "Pod", name: snapshot.pods[0]?.metadata.name ?? "" };
  return { ...snapshot, events: [...snapshot.events, event(reason, message, involvedObject, count)] };
}

/** A snapshot whose only event is one of the InferenceService. */
export function withServiceEvent(snapshot: Snapshot, reason: string, message: string, count = 1): Snapshot {
  const involvedObject = { kind: "InferenceService", name: snapshot.service.metadata.name };
  return { ...snapshot, events: [event(reason, message, involvedObject, count)] };
}

/** A snapshot whose InferenceService has another status. */
export function withStatus(snapshot: Snapshot, status: NonNullable<InferenceService["status"]>): Snapshot {
  return { ...snapshot, service: { ...snapshot.service, status } };
}

function event(
  reason: string,
  message: string,
  involvedObject: { readonly kind: string; readonly name: string },
  count: number,
): KubeEvent {
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: "added", namespace: "models" },
    type: "Warning",
    reason,
    message,
    count,
    involvedObject,
    lastTimestamp: "2030-01-01T00:00:00Z",
  };
}
