import type { Cluster } from "../cluster/cluster.ts";
import type { Manifest } from "../manifests/manifest.ts";
import type { Deployment } from "../config/settings.ts";
import { type AppliedObject, applyManifests } from "../rollout/apply.ts";
import { keepGood } from "../rollout/last-good.ts";
import type { RolloutView } from "../rollout/progress.ts";
import { waitUntilReady } from "../rollout/wait.ts";
import type { UploadProgress } from "../storage/upload.ts";
import type { Prepared } from "./prepare.ts";
import { isRolloutFailure, takeBack } from "./take-back.ts";
import { type DeployedGraph, checkGraphs, deployGraphs } from "./graphs.ts";
import { uploadPrepared } from "./upload.ts";

/** What a deployment tells while it goes on. */
export type DeployEvent =
  /** How far the model's upload is. */
  | { readonly kind: "upload"; readonly uri: string; readonly progress: UploadProgress }
  /** What became of each manifest. */
  | { readonly kind: "applied"; readonly objects: readonly AppliedObject[] }
  /** How the rollout stands. */
  | { readonly kind: "view"; readonly view: RolloutView };

/** How it is deployed. */
export interface DeployOptions {
  /** Milliseconds to wait until it is ready; 0: not at all. */
  readonly timeoutMs: number;
  /** Go back to what was ready last where this does not become ready; only where it is waited for. Default false. */
  readonly atomic?: boolean;
  /** Variables with the credentials of stores, where the settings have none. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends it; what was applied stays, and goes on by itself. */
  readonly signal: AbortSignal;
  /** Called for every event, in order. */
  readonly report?: (event: DeployEvent) => void;
}

/** What came of it. */
export interface DeployResult {
  readonly objects: readonly AppliedObject[];
  /** Every object was as it should be already. */
  readonly unchanged: boolean;
  /** What the server warned of, in its words. */
  readonly warnings: readonly string[];
  /** How it stood in the end; undefined: nobody waited. */
  readonly view: RolloutView | undefined;
  /** What became of the file's graphs. */
  readonly graphs: readonly DeployedGraph[];
}

/**
 * The steps that change something: `upload`, `apply` and `wait`, of a deployment that `prepareDeployment` gave.
 * @throws KtsError of the stores (KTS_STORE_*, KTS_UPLOAD_FAILED), of the cluster (KTS_CLUSTER_*), KTS_ROLLOUT_FAILED with
 *   the cause, KTS_ROLLOUT_TIMEOUT; the signal's reason
 */
export async function deployPrepared(
  cluster: Cluster,
  prepared: Prepared,
  { target }: Deployment,
  { timeoutMs, env, signal, report, atomic = false }: DeployOptions,
): Promise<DeployResult> {
  const { plan, manifests, graphs } = prepared;
  const { namespace } = plan;
  const { name } = plan.settings;
  const startedAt = performance.now();
  const leftMs = (): number => Math.max(timeoutMs - (performance.now() - startedAt), 1);
  await checkGraphs(cluster, graphs, signal);
  await uploadPrepared(prepared, {
    store: target.store,
    env,
    cluster,
    signal,
    onProgress: (uri, progress) => report?.({ kind: "upload", uri, progress }),
  });
  const { objects, unchanged, service, warnings } = await applyManifests(cluster, manifests, { signal });
  report?.({ kind: "applied", objects });
  const generation = service?.metadata.generation ?? 0;
  const applied = { objects, warnings };
  if (timeoutMs === 0) {
    const deployed = await deployGraphs(cluster, graphs, { timeoutMs: 0, signal });
    return { ...applied, view: undefined, graphs: deployed, unchanged: unchanged && areUnchanged(deployed) };
  }
  const onView = (view: RolloutView): void => report?.({ kind: "view", view });
  const wait = { timeoutMs, signal, onView };
  const view = await waitUntilReady(cluster, { name, namespace, generation }, wait).catch(
    async (error: unknown) => {
      if (!atomic || !isRolloutFailure(error)) throw error;
      throw await takeBack(cluster, error, { name, namespace, ...wait });
    },
  );
  if (!unchanged && service !== undefined) {
    await keepGood(cluster, manifests.at(-1) as Manifest, service, signal);
  }
  const deployed = await deployGraphs(cluster, graphs, { timeoutMs: leftMs(), signal });
  return { ...applied, view, graphs: deployed, unchanged: unchanged && areUnchanged(deployed) };
}

function areUnchanged(graphs: readonly DeployedGraph[]): boolean {
  return graphs.every(({ object }) => object.action === "unchanged");
}
