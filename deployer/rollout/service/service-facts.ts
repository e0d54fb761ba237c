import type { DeploymentMode } from "../../../contract/deploy-config.ts";
import type { KubeObject } from "../../cluster/cluster.ts";
import type { Members } from "../../manifests/manifest.ts";
import type { Condition } from "../progress.ts";
import { listOf, membersOf, numberOf, textOf } from "../../members.ts";

/** Annotation that stops an InferenceService. */
export const STOP_ANNOTATION = "serving.kserve.io/stop";

/** Label of the pods and Deployments of an InferenceService. */
export const SERVICE_LABEL = "serving.kserve.io/inferenceservice";

const MODE_ANNOTATION = "serving.kserve.io/deploymentMode";

/** The names of modes before v0.16. */
const MODES: Readonly<Record<string, DeploymentMode>> = {
  Standard: "Standard",
  RawDeployment: "Standard",
  Knative: "Knative",
  Serverless: "Knative",
};

/** A canary of an InferenceService, as far as its status tells of it. */
export interface CanaryFacts {
  /** Name of its predictor on Standard; `latest revision` on Knative. */
  readonly name: string;
  /** Percent of the requests it is to get. */
  readonly trafficPercent: number;
  /** Undefined where the status does not say. */
  readonly ready?: boolean;
}

export function specOf(service: KubeObject): Members {
  return membersOf(service["spec"]);
}

export function statusOf(service: KubeObject): Members {
  return membersOf(service["status"]);
}

export function predictorOf(service: KubeObject): Members {
  return membersOf(specOf(service)["predictor"]);
}

/** Its conditions, in the cluster's order. */
export function conditionsOf(service: KubeObject): readonly Condition[] {
  return listOf(statusOf(service)["conditions"]).map((condition) => {
    const reason = textOf(condition["reason"]);
    const message = textOf(condition["message"]);
    return {
      type: textOf(condition["type"]) ?? "",
      status: (textOf(condition["status"]) ?? "Unknown") as Condition["status"],
      ...(reason !== undefined && { reason }),
      ...(message !== undefined && { message }),
    };
  });
}

/** A condition by its type. */
export function conditionOf(service: KubeObject, type: string): Condition | undefined {
  return conditionsOf(service).find((condition) => condition.type === type);
}

/** What it runs in; undefined where neither its status nor its annotation says so. */
export function modeOf(service: KubeObject): DeploymentMode | undefined {
  const name = textOf(statusOf(service)["deploymentMode"]) ?? service.metadata.annotations?.[MODE_ANNOTATION];
  return name === undefined ? undefined : MODES[name];
}

/** Whether it was told to stop. */
export function isToldToStop(service: KubeObject): boolean {
  return service.metadata.annotations?.[STOP_ANNOTATION]?.toLowerCase() === "true";
}

/** Whether KServe says that it is stopped. Its condition `Ready` is False then, which is no failure. */
export function isStopped(service: KubeObject): boolean {
  return (
    conditionOf(service, "Stopped")?.status === "True" || conditionOf(service, "Ready")?.reason === "Stopped"
  );
}

/** Whether KServe says that it is ready. */
export function isReady(service: KubeObject): boolean {
  return conditionOf(service, "Ready")?.status === "True";
}

/** Whether kserve-ts made it. */
export function isOurs({ metadata }: KubeObject): boolean {
  return metadata.labels?.["app.kubernetes.io/managed-by"] === "kserve-ts";
}

/** Where it answers from outside of the cluster, once KServe says so. */
export function urlOf(service: KubeObject): string | undefined {
  return textOf(statusOf(service)["url"]);
}

/** Where it answers within the cluster. */
export function localUrlOf(service: KubeObject): string | undefined {
  return textOf(membersOf(statusOf(service)["address"])["url"]);
}

/** What answers its predictions, in a few words: the server's image, or the model's format and where it is. */
export function predictorText(predictor: Members): string {
  const { model, containers } = predictor;
  if (model !== undefined) {
    const { modelFormat, storageUri, runtime } = membersOf(model);
    const format = textOf(membersOf(modelFormat)["name"]) ?? "model";
    const at = textOf(storageUri);
    const by = textOf(runtime);
    return `${format}${at === undefined ? "" : ` ${at}`}${by === undefined ? "" : ` on ${by}`}`;
  }
  const [container] = listOf(containers);
  if (container !== undefined) return `custom ${textOf(container["image"]) ?? ""}`.trimEnd();
  // The blocks by a framework's name, which only a webhook turns into `model`.
  const [block] = Object.entries(predictor).filter(([, value]) => "storageUri" in membersOf(value));
  return block === undefined ? "" : `${block[0]} ${textOf(membersOf(block[1])["storageUri"]) ?? ""}`;
}

/** Its canaries: a predictor beside the first on Standard, a share for the latest revision on Knative. */
export function canariesOf(service: KubeObject): readonly CanaryFacts[] {
  const { canary } = specOf(service);
  const statuses = listOf(statusOf(service)["canaryStatuses"]);
  const beside = listOf(canary).map((entry) => {
    const name = textOf(membersOf(entry["predictor"])["name"]) ?? "";
    const ready = statuses.find((status) => status["name"] === name)?.["ready"];
    const trafficPercent = numberOf(entry["trafficPercent"]) ?? 0;
    return { name, trafficPercent, ...(typeof ready === "boolean" && { ready }) };
  });
  const percent = numberOf(predictorOf(service)["canaryTrafficPercent"]);
  if (percent === undefined || modeOf(service) !== "Knative") return beside;
  return [...beside, { name: "latest revision", trafficPercent: percent }];
}

/** Where the requests go on Knative: revisions with their percent. */
export function trafficOf(service: KubeObject): readonly { revision: string; percent: number }[] {
  const { predictor } = membersOf(statusOf(service)["components"]);
  return listOf(membersOf(predictor)["traffic"]).map((target) => ({
    revision: textOf(target["revisionName"]) ?? "latest",
    percent: numberOf(target["percent"]) ?? 0,
  }));
}

/** The order of lists: by namespace, then by name. */
export function byPlace(
  a: { readonly namespace: string; readonly name: string },
  b: { readonly namespace: string; readonly name: string },
): number {
  return compare(a.namespace, b.namespace) || compare(a.name, b.name);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
