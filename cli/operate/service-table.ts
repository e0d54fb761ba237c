import type { ServiceSummary } from "../../deployer/rollout/list-services.ts";
import { ageText } from "../terminal/age-text.ts";

/** A list of InferenceServices as a table. @param withNamespace whether they are of several namespaces */
export function serviceTable(services: readonly ServiceSummary[], withNamespace: boolean, nowMs: number) {
  const columns = ["NAME", "READY", "MODE", "PREDICTOR", "REPLICAS", "CANARY", "URL", "AGE", "BY"];
  const rows = services.map((service) => [
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
  if (!withNamespace) return { headings: columns, rows };
  return {
    headings: ["NAMESPACE", ...columns],
    rows: rows.map((row, position) => [services[position]?.namespace ?? "", ...row]),
  };
}

function readyText({ state, reason }: ServiceSummary): string {
  if (state === "ready") return "yes";
  if (state === "not ready") return reason === undefined ? "no" : `no: ${reason}`;
  return state;
}

/** A predictor with its digest cut short, which only `describe` shows in full. */
function shortImage(predictor: string): string {
  return predictor.replace(/@sha256:([0-9a-f]{12})[0-9a-f]+/, "@$1");
}
