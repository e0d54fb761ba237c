import type { Cluster, KubeObject } from "../cluster/cluster.ts";
import type { Manifest } from "../manifests/manifest.ts";
import { changeService } from "./canary/change-service.ts";
import { type CanaryChange, canaryRemoval, promotion } from "./canary/promotion.ts";
import { keepLive } from "./last-good.ts";
import { type ServiceName, findService } from "./service/find-service.ts";

/** What was done to a canary. */
export interface ChangedCanary {
  readonly name: string;
  readonly namespace: string;
  /** The canary's name; `latest revision` on Knative. */
  readonly canary: string;
  /** Whether pods that ran already serve all of it now; otherwise the predictor's are replaced one by one. */
  readonly keepsPods: boolean;
  /** As it was asked for, for `keepGood`. */
  readonly manifest: Manifest;
  /** As the server has it; its `metadata.generation` is to be waited for. */
  readonly service: KubeObject;
}

/** How a canary is promoted. */
export interface PromoteOptions {
  /** Which of several. Default: the only one. */
  readonly canary?: string;
  /** Be it ready or not. Default false. */
  readonly force?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Gives a canary every request, in one update. Whether all of it comes up is for `waitUntilReady`.
 * @throws KtsError KTS_DEPLOY_INVALID where there is no canary, or it is not ready; KTS_SERVICE_NOT_FOUND;
 *   KTS_CLUSTER_REFUSED where somebody else changed it meanwhile
 */
export async function promoteService(
  cluster: Cluster,
  target: ServiceName,
  { signal, ...which }: PromoteOptions = {},
): Promise<ChangedCanary> {
  const service = await findService(cluster, target, signal);
  return changed(cluster, service, promotion(service, which), signal);
}

/**
 * Takes a canary back: the predictor that it stands beside serves everything again.
 * @throws KtsError as `promoteService`
 */
export async function removeCanary(
  cluster: Cluster,
  target: ServiceName,
  { canary, signal }: Omit<PromoteOptions, "force"> = {},
): Promise<ChangedCanary> {
  const service = await findService(cluster, target, signal);
  return changed(cluster, service, canaryRemoval(service, canary), signal);
}

async function changed(
  cluster: Cluster,
  service: KubeObject,
  { spec, canary, keepsPods }: CanaryChange,
  signal: AbortSignal | undefined,
): Promise<ChangedCanary> {
  // What is left may be what one wants to go back to.
  await keepLive(cluster, service, signal);
  const { name, namespace } = service.metadata;
  return { name, namespace, canary, keepsPods, ...(await changeService(cluster, service, spec, signal)) };
}
