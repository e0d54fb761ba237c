import type { Cluster, KubeObject } from "../cluster/cluster.ts";
import type { Manifest } from "../manifests/manifest.ts";
import { hasCanary } from "./canary/promotion.ts";
import { type GoodSpec, goodSpecs, restoreLastGood } from "./last-good.ts";
import { removeCanary } from "./promote-service.ts";
import { type ServiceName, findService } from "./service/find-service.ts";
import { membersOf } from "../members.ts";
import { predictorText } from "./service/service-facts.ts";

/** What a rollback did. */
export interface RolledBack {
  readonly name: string;
  readonly namespace: string;
  /** The canary that was taken back; undefined: there was none, and an earlier specification was applied. */
  readonly canary?: string;
  /** When that specification was seen ready, as ISO 8601. */
  readonly readyAt?: string;
  /** What answers now: the server's image, or the model's format and URI. */
  readonly predictor: string;
  readonly manifest: Manifest;
  /** As the server has it; its `metadata.generation` is to be waited for. */
  readonly service: KubeObject;
}

/**
 * Goes back: a canary is taken back, where there is one, otherwise the newest specification that was ready, had
 * no canary and differs is applied. Whether it comes up is for `waitUntilReady`.
 * @throws KtsError KTS_SERVICE_NOT_FOUND; KTS_DEPLOY_INVALID where there is nothing to go back to
 */
export async function rollbackService(
  cluster: Cluster,
  target: ServiceName,
  { canary, signal }: { readonly canary?: string; readonly signal?: AbortSignal } = {},
): Promise<RolledBack> {
  const live = await findService(cluster, target, signal);
  const { name, namespace } = live.metadata;
  if (canary !== undefined || hasCanary(live)) {
    const which = { ...(canary !== undefined && { canary }), ...(signal !== undefined && { signal }) };
    const removed = await removeCanary(cluster, target, which);
    return { name, namespace, canary: removed.canary, ...outcome(removed.manifest, removed.service) };
  }
  const { spec, service } = await restoreLastGood(cluster, { name, namespace }, signal, isWhole);
  return { name, namespace, readyAt: spec.at, ...outcome(spec.manifest, service) };
}

/** The newest specification that was ready, as `describe` tells of it. */
export async function lastGood(
  cluster: Cluster,
  target: { readonly name: string; readonly namespace: string },
  signal?: AbortSignal,
): Promise<{ readonly readyAt: string; readonly predictor: string } | undefined> {
  const [newest] = await goodSpecs(cluster, target, signal);
  return newest === undefined
    ? undefined
    : { readyAt: newest.at, predictor: predictorText(predictorIn(newest.manifest)) };
}

/** Whether a specification had no canary: one that was taken back is nothing to go back to. */
function isWhole({ manifest }: GoodSpec): boolean {
  return (
    membersOf(manifest["spec"])["canary"] === undefined &&
    predictorIn(manifest)["canaryTrafficPercent"] === undefined
  );
}

function outcome(manifest: Manifest, service: KubeObject) {
  return { predictor: predictorText(predictorIn(service)), manifest, service };
}

function predictorIn(manifest: Manifest) {
  return membersOf(membersOf(manifest["spec"])["predictor"]);
}
