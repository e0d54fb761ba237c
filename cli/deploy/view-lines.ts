import type { Condition, PodView, RolloutView } from "../../deployer/rollout/progress.ts";
import { layOut } from "../terminal/columns.ts";
import type { Style } from "../terminal/terminal.ts";

/** Pods that are shown; of more only the number. */
const MOST_PODS = 10;

type Paint = (format: Style, text: string) => string;

/** A rollout as it stands, for a terminal: conditions, then pods. */
export function viewLines(view: RolloutView, seconds: string, paint: Paint): readonly string[] {
  const revision = view.revision === undefined ? "" : `, revision ${view.revision}`;
  const state = view.ready ? "is ready" : "is rolled out";
  const pods = view.pods.slice(0, MOST_PODS);
  const rows = layOut(pods.map(podCells), 4);
  return [
    `${paint("bold", view.name)} in ${view.namespace} ${state}${revision}  ${seconds}`,
    ...view.conditions.map((condition) => `  ${mark(condition.status, paint)} ${conditionText(condition)}`),
    ...pods.map(
      (pod, at) => `  ${mark(pod.ready ? "True" : "Unknown", paint)} ${(rows[at] ?? "").trimStart()}`,
    ),
    ...(view.pods.length > MOST_PODS ? [`  and ${view.pods.length - MOST_PODS} pods more`] : []),
  ];
}

/** What has changed since the last view, a line each; of the first view all that there is. */
export function changesBetween(last: RolloutView | undefined, view: RolloutView): readonly string[] {
  const lines: string[] = [];
  if (view.revision !== undefined && view.revision !== last?.revision)
    lines.push(`revision ${view.revision}`);
  const conditions = new Map(last?.conditions.map((condition) => [condition.type, conditionText(condition)]));
  for (const condition of view.conditions) {
    const text = conditionText(condition);
    if (conditions.get(condition.type) !== text) lines.push(text);
  }
  const pods = new Map(last?.pods.map((pod) => [pod.name, podText(pod)]));
  for (const pod of view.pods) {
    if (pods.get(pod.name) !== podText(pod)) lines.push(podText(pod));
    pods.delete(pod.name);
  }
  for (const name of pods.keys()) lines.push(`pod ${name}: gone`);
  return lines;
}

function conditionText({ type, status, reason, message }: Condition): string {
  const why = [reason, message].filter((part) => part !== undefined && part !== "").join(": ");
  return `${type} is ${status}${status === "True" || why === "" ? "" : ` (${why})`}`;
}

function podCells({ name, state, restarts, isNew, component }: PodView): string[] {
  const times = restarts === 0 ? "" : `restarted ${restarts} ${restarts === 1 ? "time" : "times"}`;
  return [component, name, state, [isNew ? "" : "old", times].filter((part) => part !== "").join(", ")];
}

function podText(pod: PodView): string {
  const [, name, state, more] = podCells(pod);
  return `pod ${name}: ${state}${pod.ready ? ", ready" : ""}${more === "" ? "" : ` (${more})`}`;
}

function mark(status: Condition["status"], paint: Paint): string {
  if (status === "True") return paint("green", "✔");
  return status === "False" ? paint("yellow", "…") : "·";
}
