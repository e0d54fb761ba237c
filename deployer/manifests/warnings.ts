import { schemeOf } from "../config/storage-uri.ts";
import type { DeployPlan } from "./plan.ts";
import { modelOf } from "./predictor.ts";

/** Schemes whose stores ask who reads, and what is tried where no credentials are given. */
const ASKING: Readonly<Record<string, string>> = {
  s3: "the node's role",
  gs: "the node's service account, then anonymously",
  https: "anonymously",
};

/** Features of Knative that its ConfigMap `config-features` has to enable. */
const KNATIVE_FEATURES = [
  ["nodeSelector", "kubernetes.podspec-nodeselector"],
  ["tolerations", "kubernetes.podspec-tolerations"],
  ["spreadOver", "kubernetes.podspec-topologyspreadconstraints"],
] as const;

/** What may go wrong with a plan and cannot be told from here: a sentence each. */
export function planWarnings(plan: DeployPlan): readonly string[] {
  return [...credentialWarnings(plan), ...knativeWarnings(plan), ...canaryWarnings(plan)];
}

function credentialWarnings(plan: DeployPlan): readonly string[] {
  const { secret, identity, serviceAccountName = "default" } = plan.settings;
  const { storageUri = "" } = modelOf(plan) ?? {};
  const tried = ASKING[schemeOf(storageUri) ?? ""];
  if (tried === undefined || secret !== undefined || identity !== undefined) return [];
  return [
    `No credentials are given for ${storageUri}: it is read as the ServiceAccount ${serviceAccountName} ` +
      `in ${plan.namespace}, with the Secrets that it lists, else as ${tried}.`,
  ];
}

function knativeWarnings(plan: DeployPlan): readonly string[] {
  if (plan.mode !== "Knative") return [];
  const needed: string[] = KNATIVE_FEATURES.filter(([setting]) => plan.settings[setting] !== undefined).map(
    ([setting, feature]) => `${setting} needs ${feature}`,
  );
  if (schemeOf(modelOf(plan)?.storageUri ?? "") === "pvc") {
    needed.push("pvc:// needs kubernetes.podspec-persistent-volume-claim");
  }
  return needed.map((need) => `${need} enabled in Knative's ConfigMap config-features.`);
}

function canaryWarnings({ settings, mode }: DeployPlan): readonly string[] {
  if (settings.canary === undefined || mode !== "Standard") return [];
  return [
    "In Standard mode only the Gateway API splits the traffic: with a plain Ingress the canary gets none.",
  ];
}
