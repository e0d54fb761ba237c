import type { ServiceDescription } from "../../deployer/rollout/describe-service.ts";
import type { FailureCause } from "../../deployer/rollout/progress.ts";
import { ageText } from "../terminal/age-text.ts";
import { printable } from "../terminal/printable.ts";
import { present, rowLines } from "../terminal/row-lines.ts";
import {
  type Paint,
  type Row,
  type Section,
  conditionRows,
  madeText,
  sectionLines,
} from "./described-parts.ts";

/** An InferenceService as it stands, for people: what is wrong comes first. */
export function describeLines(service: ServiceDescription, paint: Paint, nowMs: number): readonly string[] {
  const sections: readonly Section[] = [
    [
      "Canaries",
      service.canaries.map(({ name, trafficPercent, ready }) => [
        name,
        `${trafficPercent} %`,
        readyWord(ready),
      ]),
    ],
    ["Traffic", service.traffic.map(({ revision, percent }) => [revision, `${percent} %`])],
    ["Conditions", conditionRows(service.conditions)],
    ["Made of", service.workloads.map(workloadRow)],
    [
      "Pods",
      service.pods.map((pod) => [
        pod.name,
        pod.component,
        pod.ready ? "ready" : "not ready",
        pod.state,
        restartsText(pod.restarts),
      ]),
    ],
    ["Model", modelRows(service)],
    [
      "Events",
      service.events.map((event) => [
        ageText(event.at, nowMs),
        event.type,
        event.reason,
        timesText(event.count),
        event.object,
        event.message,
      ]),
    ],
  ];
  return [
    `${paint("bold", `${service.name} in ${service.namespace}`)} ${stateText(service, paint)}`,
    ...(service.cause === undefined ? [] : causeLines(service.cause, paint)),
    "",
    ...rowLines(present(factRows(service, nowMs))),
    ...sectionLines(sections, paint),
    ...(service.unreadable.length === 0
      ? []
      : ["", `Nothing is said of ${service.unreadable.join(", ")}, which may not be read.`]),
  ];
}

function stateText({ state, reason }: ServiceDescription, paint: Paint): string {
  const words = reason === undefined ? "" : ` (${printable(reason)})`;
  if (state === "ready") return paint("green", "is ready");
  if (state === "stopped") return "is stopped";
  if (state === "deleting") return "is being deleted";
  return paint(
    "red",
    state === "not ready" ? `is not ready${words}` : `may not be ready: KServe does not say`,
  );
}

function causeLines(
  { message, hint, lastLines = [], container, pod }: FailureCause,
  paint: Paint,
): readonly string[] {
  const log = lastLines.map((line) => `    ${printable(line)}`);
  return [
    `  ${paint("red", "cause:")} ${printable(message)}`,
    ...(log.length === 0 ? [] : [`  last lines of ${container} in ${pod}:`, ...log]),
    `  ${paint("yellow", "hint:")} ${printable(hint)}`,
  ];
}

function factRows(
  service: ServiceDescription,
  nowMs: number,
): readonly (readonly [string, string | undefined])[] {
  const { lastGood } = service;
  return [
    ["predictor", service.predictor],
    ["runtime", service.runtime],
    ["mode", service.mode],
    ["URL", service.url],
    ["in the cluster", service.localUrl],
    ["generation", generationText(service)],
    ["revision", service.revision],
    ["model hash", service.modelHash],
    ["made", madeText(service, nowMs)],
    [
      "last good",
      lastGood === undefined
        ? undefined
        : `${lastGood.predictor}, ready ${ageText(lastGood.readyAt, nowMs)} ago`,
    ],
  ];
}

function generationText({ state, generation, isSeen, unreadable }: ServiceDescription): string {
  // Of what is stopped there is nothing to compare, and of what may not be read nothing is known.
  const isKnown = state !== "stopped" && !unreadable.includes("deployments");
  return isKnown ? `${generation}, ${isSeen ? "carried out" : "not carried out yet"}` : String(generation);
}

function workloadRow({
  kind,
  name,
  isSeen,
  replicas,
  latestRevision,
}: ServiceDescription["workloads"][number]): Row {
  const counts =
    replicas === undefined
      ? (latestRevision ?? "")
      : `${replicas.available} of ${replicas.wanted} available, ${replicas.updated} up to date`;
  return [kind, name, counts, isSeen ? "" : "not seen by its controller yet"];
}

function modelRows({ model }: ServiceDescription): readonly Row[] {
  if (model === undefined) return [];
  const { reason, message, exitCode } = model.failure ?? {};
  const failure = [reason, message, exitCode === undefined ? undefined : `exit code ${exitCode}`];
  return present([
    ["transition", model.transition],
    ["active", model.active],
    ["target", model.target],
    ["failure", failure.filter((part) => part !== undefined).join(": ") || undefined],
  ]);
}

function readyWord(ready: boolean | undefined): string {
  return ready === undefined ? "" : ready ? "ready" : "not ready";
}

function restartsText(restarts: number): string {
  return restarts === 0 ? "" : `restarted ${restarts} ${restarts === 1 ? "time" : "times"}`;
}

function timesText(count: number): string {
  return count === 1 ? "" : `${count} times`;
}
