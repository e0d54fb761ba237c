import { KtsError, messageOf } from "../../contract/errors.ts";
import type { Cluster, KubeObject } from "../cluster/cluster.ts";
import type { Manifest } from "../manifests/manifest.ts";
import { type ApplyReport, applyManifests } from "./apply.ts";
import { RolloutFailed, RolloutTimeout } from "./failure.ts";
import { goodSpecs, keepGood, restoreLastGood } from "./last-good.ts";
import type { RolloutView } from "./progress.ts";
import { type ReadyView, waitUntilReady } from "./wait.ts";

/** How manifests are rolled out. */
export interface RollOutOptions {
  /** Milliseconds to wait until it is ready. */
  readonly timeoutMs: number;
  /** Go back to the last spec that was ready, where this one does not come up. Default false. */
  readonly atomic?: boolean;
  readonly signal?: AbortSignal;
  /** Called once everything is applied, before the waiting. */
  onApplied?(report: ApplyReport): void;
  /** Called with how it stands, at first and whenever that changes. */
  onView?(view: RolloutView): void;
}

/** A rollout that has come up. */
export interface RolledOut {
  readonly report: ApplyReport;
  readonly view: ReadyView;
}

/**
 * Applies manifests, waits until they serve, and keeps their spec as one to go back to. One InferenceService has to be
 * among them. An abort leaves the cluster as it is then: what was applied goes on by itself.
 * @throws what `applyManifests` and `waitUntilReady` end with; with `atomic` their RolloutFailed and RolloutTimeout say
 *   what was gone back to
 */
export async function rollOut(
  cluster: Cluster,
  manifests: readonly Manifest[],
  { timeoutMs, atomic = false, signal, onApplied, onView }: RollOutOptions,
): Promise<RolledOut> {
  const manifest = manifests.find(({ kind }) => kind === "InferenceService");
  if (manifest === undefined) throw new KtsError("KTS_INTERNAL", "no InferenceService is to be rolled out");
  const report = await applyManifests(cluster, manifests, signal && { signal });
  onApplied?.(report);
  const service = report.service as KubeObject;
  const { name, namespace } = manifest.metadata;
  const waiting = {
    timeoutMs,
    ...(signal !== undefined && { signal }),
    ...(onView !== undefined && { onView }),
  };
  try {
    const target = { namespace, name, generation: service.metadata.generation ?? 0 };
    const view = await waitUntilReady(cluster, target, waiting);
    await keepGood(cluster, manifest, service, signal);
    return { report, view };
  } catch (error) {
    if (!atomic || !isRolloutError(error)) throw error;
    throw afterGoingBack(error, await goBack(cluster, { namespace, name }, waiting));
  }
}

/** Goes back to the last good spec, and says in a sentence how that went. */
async function goBack(
  cluster: Cluster,
  where: { readonly namespace: string; readonly name: string },
  waiting: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<string> {
  const { signal } = waiting;
  try {
    if ((await goodSpecs(cluster, where, signal)).length === 0) {
      return `No earlier spec was ready, so it stays as it is; kserve-ts delete ${where.name} takes it away.`;
    }
    const { spec, service } = await restoreLastGood(cluster, where, signal);
    await waitUntilReady(cluster, { ...where, generation: service.metadata.generation ?? 0 }, waiting);
    return `The spec of ${spec.at} is back and ready.`;
  } catch (error) {
    signal?.throwIfAborted();
    return `Going back to the last good spec failed as well: ${messageOf(error)}`;
  }
}

function isRolloutError(error: unknown): error is RolloutFailed | RolloutTimeout {
  return error instanceof RolloutFailed || error instanceof RolloutTimeout;
}

/** The same error, its message with what was gone back to. */
function afterGoingBack<T extends Error>(error: T, outcome: string): T {
  error.message = `${error.message}\n${outcome}`;
  return error;
}
