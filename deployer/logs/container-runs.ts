import type { KubeObject } from "../cluster/cluster.ts";
import type { Members } from "../manifests/manifest.ts";
import { listOf, membersOf, textOf } from "../members.ts";
import { SERVING_CONTAINERS } from "../pods/service-pods.ts";

/** One start of a container: it has a log of its own. */
export interface ContainerRun {
  /** Id of the run. */
  readonly id: string;
  /** Whether it is over, and another has followed or will. */
  readonly isPrevious: boolean;
  readonly isRunning: boolean;
  /** How it ended: `exit code 1 (Error)`. */
  readonly end?: string;
}

/** A container of a pod, as far as its logs are concerned. */
export interface LoggingContainer {
  readonly name: string;
  /** The runs whose logs the cluster still has, the earlier first. */
  readonly runs: readonly ContainerRun[];
  /** Why it does not run: `PodInitializing`, `CrashLoopBackOff: back-off 10s restarting ...`. */
  readonly waiting?: string;
  readonly restarts: number;
}

/** The containers of a pod in the order they start in: those that prepare it, then those that serve. */
export function containersOf(pod: KubeObject): readonly LoggingContainer[] {
  const spec = membersOf(pod["spec"]);
  const status = membersOf(pod["status"]);
  return [
    ...joined(spec["initContainers"], status["initContainerStatuses"], pod),
    ...joined(spec["containers"], status["containerStatuses"], pod).toSorted(servingFirst),
  ];
}

/** Whether a pod's containers have all ended, and none will start again. */
export function isOver(pod: KubeObject): boolean {
  const phase = membersOf(pod["status"])["phase"];
  return phase === "Succeeded" || phase === "Failed";
}

function servingFirst(a: LoggingContainer, b: LoggingContainer): number {
  const place = ({ name }: LoggingContainer) => (SERVING_CONTAINERS.includes(name) ? 0 : 1);
  return place(a) - place(b);
}

function joined(specs: unknown, statuses: unknown, pod: KubeObject): readonly LoggingContainer[] {
  const byName = new Map(listOf(statuses).map((status) => [status["name"], status]));
  return listOf(specs).map(({ name }) => toContainer(String(name), byName.get(name), pod));
}

function toContainer(name: string, status: Members | undefined, pod: KubeObject): LoggingContainer {
  if (status === undefined) {
    return { name, runs: [], restarts: 0, ...(!isOver(pod) && { waiting: unscheduledReason(pod) }) };
  }
  const state = membersOf(status["state"]);
  const last = ended(membersOf(status["lastState"])["terminated"], true);
  const runs: ContainerRun[] = last === undefined ? [] : [last];
  const now = ended(state["terminated"], false);
  if (now !== undefined) runs.push(now);
  if (state["running"] !== undefined) {
    runs.push({ id: String(status["containerID"]), isPrevious: false, isRunning: true });
  }
  const waiting = state["waiting"] === undefined ? undefined : reasonOf(membersOf(state["waiting"]));
  const restarts = Number(status["restartCount"] ?? 0);
  return { name, runs, restarts, ...(waiting !== undefined && { waiting }) };
}

function ended(value: unknown, isPrevious: boolean): ContainerRun | undefined {
  const terminated = membersOf(value);
  const id = textOf(terminated["containerID"]);
  if (id === undefined) return undefined;
  const reason = textOf(terminated["reason"]);
  const end = `exit code ${String(terminated["exitCode"])}${reason === undefined ? "" : ` (${reason})`}`;
  return { id, isPrevious, isRunning: false, end };
}

/** A pod that has no node yet says why in a condition. */
function unscheduledReason(pod: KubeObject): string {
  const conditions = listOf(membersOf(pod["status"])["conditions"]);
  const scheduled = conditions.find(({ type }) => type === "PodScheduled");
  return scheduled?.["status"] === "False" ? reasonOf(scheduled) : "Pending";
}

function reasonOf({ reason, message }: Members): string {
  const said = textOf(message);
  return `${textOf(reason) ?? "Waiting"}${said === undefined ? "" : `: ${said}`}`;
}
