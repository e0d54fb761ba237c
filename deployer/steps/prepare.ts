import { KtsError } from "../../contract/errors.ts";
import type { Cluster, KubeObject } from "../cluster/cluster.ts";
import type { KserveFacts } from "../cluster/facts.ts";
import { RESOURCES } from "../cluster/resources.ts";
import type { Deployment } from "../config/settings.ts";
import type { Manifest } from "../manifests/manifest.ts";
import { graphManifests } from "../manifests/inference-graph.ts";
import type { DeployPlan } from "../manifests/plan.ts";
import { render } from "../manifests/render.ts";
import { checkUpdate, modelUri } from "../manifests/update.ts";
import { planWarnings } from "../manifests/warnings.ts";
import { startsAgain } from "../rollout/service/starts-again.ts";
import { readCredentials } from "./credentials.ts";
import { type PackagedFiles, packageDeployment } from "./package.ts";
import { planDeployment, predictorOf } from "./plan.ts";
import { placedModel } from "./place-model.ts";

interface KubeCondition {
  readonly type: string;
  readonly status: string;
}

/** What is prepared, and with what. */
export interface PrepareInput {
  readonly deployment: Deployment;
  readonly namespace: string;
  readonly facts: KserveFacts;
  /** The InferenceService that runs under the name: see `liveService`. */
  readonly live?: KubeObject | undefined;
  /** A custom predictor's image with its digest. Default: the setting's. */
  readonly image?: string | undefined;
  /** Whether there is an InferenceService to deploy, or the file's graphs alone. Default true. */
  readonly hasService?: boolean;
  readonly signal?: AbortSignal;
}

/** A deployment that is ready to be uploaded and applied: nothing was changed anywhere yet. */
export interface Prepared {
  readonly plan: DeployPlan;
  /** In the order in which they are applied, the InferenceService last. */
  readonly manifests: readonly Manifest[];
  /** The graphs of the config file, to be applied after those. */
  readonly graphs: readonly Manifest[];
  /** The files that its model has in the store; undefined where there are none to upload. */
  readonly packaged: PackagedFiles | undefined;
  /** What runs has loaded these very files, so that they need not be looked for in the store. */
  readonly isLoaded: boolean;
  /** What may go wrong and cannot be told from here. */
  readonly warnings: readonly string[];
}

/**
 * The steps before anything changes: `package`, `plan` and `render`. The model's URI is known before its upload, as it
 * follows from the content.
 * @throws KtsError as `packageDeployment` and `render`; KTS_DEPLOY_INVALID where what runs cannot become this
 */
export async function prepareDeployment(input: PrepareInput): Promise<Prepared> {
  const { deployment, namespace, facts, live, image, hasService = true, signal } = input;
  const { settings, target } = deployment;
  const [packaged, secretValues] = await Promise.all([
    hasService ? packageDeployment(settings, facts.version, signal) : undefined,
    readCredentials(settings),
  ]);
  const model = packaged === undefined ? undefined : placedModel(packaged, settings, target.store);
  const plan = planDeployment({
    deployment,
    namespace,
    facts,
    ...(image !== undefined && { image }),
    ...(model !== undefined && { model }),
    ...(secretValues !== undefined && { secretValues }),
    ...(live !== undefined && { live }),
  });
  const manifests = hasService ? render(plan) : [];
  const { mode, version } = plan;
  const place = { namespace, mode, version, ...(hasService && { service: settings.name }) };
  const graphs = graphManifests(deployment.graphs ?? {}, place);
  const service = manifests.at(-1);
  if (live !== undefined && service !== undefined) {
    const { deploymentMode } = (live["status"] ?? {}) as { readonly deploymentMode?: string };
    checkUpdate(service, {
      predictor: predictorOf(live) ?? {},
      ...(deploymentMode !== undefined && { deploymentMode }),
    });
  }
  const ofModel = packaged?.warnings.map(({ path, message, hint }) => `${path} ${message}. ${hint}`) ?? [];
  const isStarted = service !== undefined && startsAgain(service, live);
  const warnings = [
    ...(isStarted ? [`${settings.name} is stopped: deploying it starts it again.`] : []),
    ...ofModel,
    ...(hasService ? planWarnings(plan) : []),
  ];
  return { plan, manifests, graphs, packaged, isLoaded: isLoaded(live, model?.storageUri), warnings };
}

/** A model's URI has its content's hash in it: a service that is ready with it has read the files. */
function isLoaded(live: KubeObject | undefined, storageUri: string | undefined): boolean {
  if (live === undefined || storageUri === undefined) return false;
  const { conditions = [] } = (live["status"] ?? {}) as { readonly conditions?: readonly KubeCondition[] };
  const ready = conditions.some(({ type, status }) => type === "Ready" && status === "True");
  return ready && modelUri(predictorOf(live) ?? {}) === storageUri;
}

/**
 * The InferenceService that runs under a deployment's name; undefined where there is none.
 * @throws KtsError KTS_DEPLOY_INVALID when it is being deleted: applying would bring nothing back
 */
export async function liveService(
  cluster: Cluster,
  name: string,
  signal?: AbortSignal,
): Promise<KubeObject | undefined> {
  const live = await cluster.get(RESOURCES.inferenceService, { name }, signal);
  if (live?.metadata.deletionTimestamp !== undefined) {
    throw new KtsError("KTS_DEPLOY_INVALID", `${name} is being deleted in ${cluster.namespace}`, {
      hint: "Wait until it is gone, then deploy again.",
    });
  }
  return live;
}
