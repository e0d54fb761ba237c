import { KtsError } from "../../../contract/errors.ts";
import type { KubeObject } from "../../cluster/cluster.ts";
import type { Members } from "../../manifests/manifest.ts";
import { modelUri } from "../../manifests/update.ts";
import { listOf, membersOf, textOf } from "../../members.ts";
import { canariesOf, isReady, modeOf, predictorOf, specOf } from "../service/service-facts.ts";
import { mergePredictor } from "./merge-predictor.ts";

/** What a change of an InferenceService's canary makes of it. */
export interface CanaryChange {
  /** The specification as it becomes. */
  readonly spec: Members;
  /** The canary's name; `latest revision` on Knative. */
  readonly canary: string;
  /**
   * Whether the canary's own pods go on as the predictor's: on Standard where its model has another URI. Otherwise the
   * predictor's pods are replaced one by one.
   */
  readonly keepsPods: boolean;
}

/**
 * The specification in which a canary has taken the predictor's place.
 * @param name which of several; default: the only one
 * @throws KtsError KTS_DEPLOY_INVALID where there is none, more than one, or it is not ready
 */
export function promotion(
  service: KubeObject,
  { canary: name, force = false }: { readonly canary?: string; readonly force?: boolean } = {},
): CanaryChange {
  const spec = specOf(service);
  const stable = predictorOf(service);
  if (modeOf(service) === "Knative") {
    requireCanary(service);
    if (!isReady(service) && !force) throw notReady(service, "its latest revision");
    const { canaryTrafficPercent: _, ...predictor } = stable;
    return { spec: { ...spec, predictor }, canary: "latest revision", keepsPods: true };
  }
  const { entry, rest, canary } = pick(service, name);
  const facts = canariesOf(service).find((each) => each.name === canary);
  if (facts?.ready !== true && !force) throw notReady(service, `its canary ${canary}`);
  const merged = mergePredictor(stable, membersOf(entry["predictor"]));
  // KServe takes another name of the predictor only together with another model.
  const keepsPods = modelUri(stable) !== modelUri(merged);
  const { name: stableName, ...unnamed } = { ...merged, name: stable["name"] };
  const kept = { ...unnamed, ...(stableName !== undefined && { name: stableName }) };
  return { spec: withCanaries({ ...spec, predictor: keepsPods ? merged : kept }, rest), canary, keepsPods };
}

/**
 * The specification without a canary: on Standard without its entry, on Knative with no request for the latest revision.
 * @throws KtsError KTS_DEPLOY_INVALID where there are several and none is named, or none of that name
 */
export function canaryRemoval(service: KubeObject, name?: string): CanaryChange {
  const spec = specOf(service);
  if (modeOf(service) === "Knative") {
    requireCanary(service);
    const predictor = { ...predictorOf(service), canaryTrafficPercent: 0 };
    return { spec: { ...spec, predictor }, canary: "latest revision", keepsPods: true };
  }
  const { rest, canary } = pick(service, name);
  return { spec: withCanaries(spec, rest), canary, keepsPods: true };
}

/** Whether it has a canary that can be taken back: one that gets requests, or could. */
export function hasCanary(service: KubeObject): boolean {
  const canaries = canariesOf(service);
  // At 0 percent Knative has taken it back already.
  return modeOf(service) === "Knative" ? (canaries[0]?.trafficPercent ?? 0) > 0 : canaries.length > 0;
}

function pick(service: KubeObject, name: string | undefined) {
  requireCanary(service);
  const entries = listOf(specOf(service)["canary"]);
  const nameOf = (entry: Members) => textOf(membersOf(entry["predictor"])["name"]) ?? "";
  const names = entries.map(nameOf).join(", ");
  const [only] = entries;
  const entry = name === undefined ? only : entries.find((each) => nameOf(each) === name);
  if (name === undefined && entries.length > 1) {
    throw new KtsError("KTS_DEPLOY_INVALID", `${service.metadata.name} has several canaries: ${names}`, {
      hint: "Name one with --canary.",
    });
  }
  if (entry === undefined) {
    throw new KtsError("KTS_DEPLOY_INVALID", `${service.metadata.name} has no canary ${name}, only ${names}`);
  }
  return { entry, rest: entries.filter((each) => each !== entry), canary: nameOf(entry) };
}

function withCanaries(spec: Members, canary: readonly Members[]): Members {
  const { canary: _, ...without } = spec;
  return canary.length === 0 ? without : { ...without, canary };
}

function requireCanary(service: KubeObject): void {
  if (canariesOf(service).length > 0) return;
  throw new KtsError("KTS_DEPLOY_INVALID", `${service.metadata.name} has no canary`, {
    hint: "Deploy one first: `deploy.canary` of the config file gives it a share of the requests.",
  });
}

function notReady({ metadata: { name } }: KubeObject, what: string): KtsError {
  return new KtsError("KTS_DEPLOY_INVALID", `${name}: ${what} is not ready, and would get every request`, {
    hint: `kserve-ts describe ${name} shows what it waits for; --force promotes it all the same.`,
  });
}
