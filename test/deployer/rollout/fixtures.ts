import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { KubeObject } from "../../../deployer/cluster/cluster.ts";

const FOLDER = new URL("../../fixtures/cluster/ops/", import.meta.url);

/** An object as a cluster had it. */
export function observed(name: string): KubeObject {
  return parse(readFileSync(new URL(`${name}.yaml`, FOLDER), "utf8")) as KubeObject;
}

/** The objects of a list as a cluster had it. */
export function observedList(name: string): readonly KubeObject[] {
  return (observed(name) as unknown as { readonly items: readonly KubeObject[] }).items;
}

/** An InferenceService on Knative whose latest revision has a share of the requests. */
export function knativeCanary(percent: number): KubeObject {
  const { status } = observed("knative-canary-status") as unknown as { readonly status: object };
  const { containers } = (observed("ready")["spec"] as { readonly predictor: { containers: unknown } })
    .predictor;
  return {
    ...observed("ready"),
    spec: { predictor: { canaryTrafficPercent: percent, containers } },
    status,
  };
}
