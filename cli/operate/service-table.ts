import type { GraphSummary } from "../../deployer/rollout/graphs.ts";
import type { ServiceSummary } from "../../deployer/rollout/list-services.ts";
import { ageText } from "../terminal/age-text.ts";

/**
 * A list of InferenceServices as a table, and the graphs behind them.
 * @param withNamespace whether they are of several namespaces
 */
export function serviceTable(
  services: readonly ServiceSummary[],
  graphs: readonly GraphSummary[],
  withNamespace: boolean,
  nowMs: number,
) {
  const columns = ["NAME", "READY", "MODE", "PREDICTOR", "REPLICAS", "CANARY", "URL", "AGE", "BY"];
  const ofServices = services.map((service) => [
    service.name,
    readyText(service),
    service.mode ?? "",
    shortImage(service.predictor),
    service.replicas === undefined ? "" : `${service.readyReplicas}/${service.replicas}`,
    service.canaries.map(({ name, trafficPercent }) => `${name} ${trafficPercent}%`).join(", "),
    service.url ?? "",
    service.createdAt === undefined ? "" : ageText(service.createdAt, nowMs),
    service.isOurs ? "kserve-ts" : "",
  ]);
  const ofGraphs = graphs.map((graph) => [
    graph.name,
    readyText(graph),
    "",
    graph.services.length === 0 ? "graph" : `graph of ${graph.services.join(", ")}`,
    ...["", ""],
    graph.url ?? "",
    graph.createdAt === undefined ? "" : ageText(graph.createdAt, nowMs),
    graph.isOurs ? "kserve-ts" : "",
  ]);
  const rows = [...ofServices, ...ofGraphs];
  const namespaces = [...services, ...graphs].map(({ namespace }) => namespace);
  if (!withNamespace) return { headings: columns, rows };
  return {
    headings: ["NAMESPACE", ...columns],
    rows: rows.map((row, position) => [namespaces[position] ?? "", ...row]),
  };
}

function readyText({ state, reason }: Pick<ServiceSummary, "state" | "reason">): string {
  if (state === "ready") return "yes";
  if (state === "not ready") return reason === undefined ? "no" : `no: ${reason}`;
  return state;
}

/** A predictor with its digest cut short, which only `describe` shows in full. */
function shortImage(predictor: string): string {
  return predictor.replace(/@sha256:([0-9a-f]{12})[0-9a-f]+/, "@$1");
}
