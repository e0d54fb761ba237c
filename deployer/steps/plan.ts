import type { KserveFacts } from "../cluster/facts.ts";
import type { KubeObject } from "../cluster/cluster.ts";
import type { Deployment } from "../config/settings.ts";
import type { Members } from "../manifests/manifest.ts";
import type { DeployPlan, PlacedModel } from "../manifests/plan.ts";
import type { SecretValues } from "../secret-text.ts";

/** What a plan is made of. */
export interface PlanInput {
  readonly deployment: Deployment;
  readonly namespace: string;
  /** What the cluster's KServe is; `SHIPPED_FACTS` where no cluster is asked. */
  readonly facts: KserveFacts;
  /** A custom predictor's image with its digest. Default: the setting's. */
  readonly image?: string;
  /** The model as it was uploaded. Default: the setting's URI, used in place. */
  readonly model?: PlacedModel;
  /** The credentials, `@path` values read: see `readCredentials`. */
  readonly secretValues?: SecretValues;
  /** The InferenceService that runs under the name now. Default: there is none. */
  readonly live?: KubeObject;
}

/** KServe as its newest release is shipped: what a plan goes by where no cluster can be asked. */
export const SHIPPED_FACTS: KserveFacts = {
  version: [0, 20, 0],
  versionFrom: "the newest release that is known",
  defaultMode: "Standard",
  hasKnative: false,
  usesGatewayApi: false,
  configRead: false,
};

/** Step `plan`: settings and what is known of the cluster become what manifests are rendered from. Pure. */
export function planDeployment(input: PlanInput): DeployPlan {
  const { deployment, namespace, facts, image, model, secretValues, live } = input;
  const { settings, target } = deployment;
  const domain = target.domain ?? facts.domain;
  const stable = predictorOf(live);
  return {
    settings,
    namespace,
    mode: target.deploymentMode ?? facts.defaultMode,
    version: facts.version,
    ...(domain !== undefined && { domain }),
    ...(facts.s3KeyNames !== undefined && { s3KeyNames: facts.s3KeyNames }),
    ...(facts.runtimes !== undefined && { runtimes: facts.runtimes }),
    ...(image !== undefined && { image }),
    ...(model !== undefined && { model }),
    ...(secretValues !== undefined && { secretValues }),
    ...(stable !== undefined && { stable }),
  };
}

/** The predictor of an InferenceService as the cluster has it. */
export function predictorOf(live: KubeObject | undefined): Members | undefined {
  return (live?.["spec"] as { readonly predictor?: Members } | undefined)?.predictor;
}
