import { type KubeEvent, eventCount, eventTimeMs } from "../kube-shapes.ts";
import { type Snapshot, workloadsOf } from "../snapshot.ts";

/** An event of an InferenceService or of what it is made of. */
export interface ServiceEvent {
  /** When it last happened, as ISO 8601. */
  readonly at: string;
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  /** The object that it is about: `Pod digits-predictor-5c47d7d8c6-h2kbq`. */
  readonly object: string;
  readonly message: string;
  /** How often it happened. */
  readonly count: number;
}

/** What every pod that starts says. */
const ROUTINE: ReadonlySet<string> = new Set([
  "Scheduled",
  "Pulling",
  "Pulled",
  "Created",
  "Started",
  "SuccessfulCreate",
  "SuccessfulDelete",
  "ScalingReplicaSet",
  "SuccessfulRescale",
]);

/** Two that write one object at once: the next attempt does it. */
const CONFLICT = /the object has been modified; please apply your changes to the latest version/;

/** An autoscaler that looks for metrics which are not there yet, or for a Deployment that has just gone. */
const NO_METRICS = /^(FailedGetResourceMetric|FailedComputeMetricsReplicas|FailedGetScale)$/;

/** The latest events that mean something, the newest first. @param most how many */
export function recentEvents(snapshot: Snapshot, most = 10): readonly ServiceEvent[] {
  const { name } = snapshot.service.metadata;
  const workloads = workloadsOf(snapshot).map(({ metadata }) => metadata.name);
  const isOf = (object: string): boolean =>
    object === name || workloads.some((workload) => object === workload || object.startsWith(`${workload}-`));
  const wanted = snapshot.events.filter((event) => isOf(event.involvedObject?.name ?? "") && !isNoise(event));
  return wanted
    .toSorted((a, b) => eventTimeMs(b) - eventTimeMs(a))
    .slice(0, most)
    .map(plainEvent);
}

/** Whether an event says nothing that one could act upon. */
export function isNoise({ type, reason = "", message = "" }: KubeEvent): boolean {
  if (type === "Normal") return ROUTINE.has(reason);
  return CONFLICT.test(message) || NO_METRICS.test(reason);
}

function plainEvent(event: KubeEvent): ServiceEvent {
  const { type, reason = "", message = "", involvedObject = {} } = event;
  return {
    at: new Date(eventTimeMs(event)).toISOString(),
    type: type === "Warning" ? "Warning" : "Normal",
    reason,
    object: `${involvedObject.kind ?? ""} ${involvedObject.name ?? ""}`.trim(),
    message: message.trim(),
    count: eventCount(event),
  };
}
