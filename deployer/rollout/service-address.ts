import { KtsError } from "../../contract/errors.ts";
import type { KubeObject } from "../cluster/cluster.ts";
import { membersOf } from "../members.ts";
import {
  conditionOf,
  isStopped,
  isToldToStop,
  localUrlOf,
  predictorOf,
  urlOf,
} from "./service/service-facts.ts";

/** Where an InferenceService answers. */
export interface ServiceAddress {
  /** URL to send requests to. */
  readonly url: string;
  /** The Host header that goes with it, where the URL is an ingress that many share. */
  readonly host?: string;
}

/** Which of its addresses. */
export interface AddressChoice {
  /** The one within the cluster. Default false. */
  readonly local?: boolean;
  /** URL of the ingress: it is asked in place of the InferenceService's own, which goes into the Host header. */
  readonly baseUrl?: string;
}

/**
 * Where an InferenceService answers, in KServe's own words.
 * @throws KtsError KTS_SERVICE_NOT_FOUND where it answers nowhere, with the reason
 */
export function addressOf(
  service: KubeObject,
  { local = false, baseUrl }: AddressChoice = {},
): ServiceAddress {
  const url = local ? localUrlOf(service) : urlOf(service);
  if (url === undefined) throw noAddress(service, local);
  if (local || baseUrl === undefined) return { url };
  const { host, pathname } = new URL(url);
  const base = baseUrl.replace(/\/+$/, "");
  return { url: pathname === "/" ? base : base + pathname, host };
}

function noAddress(service: KubeObject, local: boolean): KtsError {
  const { name } = service.metadata;
  const what = `${name} has no ${local ? "address within the cluster" : "URL"}`;
  if (isStopped(service) || isToldToStop(service)) {
    return new KtsError("KTS_SERVICE_NOT_FOUND", `${what}: it is stopped`, {
      hint: `kserve-ts start ${name} brings it back.`,
    });
  }
  const why = ["IngressReady", "PredictorReady", "Ready"]
    .map((type) => conditionOf(service, type))
    .find((condition) => condition !== undefined && condition.status !== "True");
  const words = [why?.reason, why?.message].filter((word) => word !== undefined).join(": ");
  const state =
    why === undefined
      ? "KServe has not said anything of it yet"
      : `${why.type} is ${why.status}${words === "" ? "" : ` (${words})`}`;
  return new KtsError("KTS_SERVICE_NOT_FOUND", `${what} yet: ${state}`, {
    hint: `kserve-ts describe ${name} shows what it waits for.`,
  });
}

/** Path that asks whether the model is ready, in the protocol that the predictor has. */
export function readyPathOf(service: KubeObject): string {
  const { protocolVersion } = membersOf(predictorOf(service)["model"]);
  return protocolVersion === "v2" ? "/v2/health/ready" : `/v1/models/${service.metadata.name}`;
}

/** A command that asks an address, as one types it. @param word quotes a text for the shell */
export function curlOf({ url, host }: ServiceAddress, path: string, word: (text: string) => string): string {
  const header = host === undefined ? [] : ["-H", word(`Host: ${host}`)];
  return ["curl", ...header, word(url + path)].join(" ");
}
