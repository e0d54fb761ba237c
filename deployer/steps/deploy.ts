import type { Cluster } from "../cluster/cluster.ts";
import type { Deployment } from "../config/settings.ts";
import type { Manifest } from "../manifests/manifest.ts";
import { type AppliedObject, type ApplyReport, applyManifests } from "../rollout/apply.ts";
import { type GraphView, waitUntilGraphReady } from "../rollout/graph-ready.ts";
import type { RolloutView } from "../rollout/progress.ts";
import { rollOut } from "../rollout/roll-out.ts";
import type { UploadProgress } from "../storage/upload.ts";
import type { Prepared } from "./prepare.ts";
import { uploadPrepared } from "./upload.ts";

/** What a deployment tells while it goes on. */
export type DeployEvent =
  /** How far the model's upload is. */
  | { readonly kind: "upload"; readonly uri: string; readonly progress: UploadProgress }
  /** What became of manifests. */
  | { readonly kind: "applied"; readonly objects: readonly AppliedObject[] }
  /** How the rollout stands. */
  | { readonly kind: "view"; readonly view: RolloutView }
  /** How a graph stands. */
  | { readonly kind: "graph"; readonly view: GraphView };

/** How it is deployed. */
export interface DeployOptions {
  /** Milliseconds to wait until it is ready, and as many for each graph; 0: not at all. */
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
  /** The graphs that were deployed with it, as they stood in the end; none where nobody waited. */
  readonly graphs: readonly GraphView[];
}

/**
 * The steps that change something: `upload`, `apply` and `wait`, of a deployment that `prepareDeployment` gave. Graphs
 * come last, when what they go to is there; the server is asked about them before anything is changed.
 * @throws KtsError of the stores (KTS_STORE_*, KTS_UPLOAD_FAILED), of the cluster (KTS_CLUSTER_*), KTS_ROLLOUT_FAILED with
 *   the cause, KTS_ROLLOUT_TIMEOUT; the signal's reason
 */
export async function deployPrepared(
  cluster: Cluster,
  prepared: Prepared,
  { target }: Pick<Deployment, "target">,
  options: DeployOptions,
): Promise<DeployResult> {
  const { manifests, graphs } = prepared;
  const { timeoutMs, env, signal, report, atomic = false } = options;
  await askAboutAll(cluster, prepared, signal);
  await uploadPrepared(prepared, {
    store: target.store,
    env,
    cluster,
    signal,
    onProgress: (uri, progress) => report?.({ kind: "upload", uri, progress }),
  });
  const onApplied = ({ objects }: ApplyReport): void => report?.({ kind: "applied", objects });
  const onView = (view: RolloutView): void => report?.({ kind: "view", view });
  const reports: ApplyReport[] = [];
  let view: RolloutView | undefined;
  if (manifests.length > 0 && timeoutMs === 0) {
    const applied = await applyManifests(cluster, manifests, { signal });
    onApplied(applied);
    reports.push(applied);
  } else if (manifests.length > 0) {
    const rolledOut = await rollOut(cluster, manifests, { timeoutMs, atomic, signal, onApplied, onView });
    reports.push(rolledOut.report);
    view = rolledOut.view;
  }
  const views: GraphView[] = [];
  for (const graph of graphs) {
    const { applied, view: its } = await deployGraph(cluster, graph, options);
    reports.push(applied);
    if (its !== undefined) views.push(its);
  }
  return {
    objects: reports.flatMap(({ objects }) => objects),
    unchanged: reports.every(({ unchanged }) => unchanged),
    warnings: [...new Set(reports.flatMap(({ warnings }) => warnings))],
    view,
    graphs: views,
  };
}

/**
 * Asks the server about everything that is to be applied, where something else comes first: a graph that it refuses is
 * not found out of when the service runs already, nor a service when its model is uploaded.
 */
async function askAboutAll(
  cluster: Cluster,
  { manifests, graphs, packaged, isLoaded }: Prepared,
  signal: AbortSignal,
): Promise<void> {
  const comesFirst = packaged !== undefined && !isLoaded;
  if (graphs.length === 0 && !comesFirst) return;
  const groups = [manifests, ...graphs.map((graph) => [graph])].filter(({ length }) => length > 0);
  await Promise.all(groups.map((group) => applyManifests(cluster, group, { dryRun: true, signal })));
}

async function deployGraph(
  cluster: Cluster,
  graph: Manifest,
  { timeoutMs, signal, report }: DeployOptions,
): Promise<{ readonly applied: ApplyReport; readonly view: GraphView | undefined }> {
  const applied = await applyManifests(cluster, [graph], { signal });
  report?.({ kind: "applied", objects: applied.objects });
  if (timeoutMs === 0) return { applied, view: undefined };
  const { name, namespace } = graph.metadata;
  const onView = (view: GraphView): void => report?.({ kind: "graph", view });
  return {
    applied,
    view: await waitUntilGraphReady(cluster, { name, namespace }, { timeoutMs, signal, onView }),
  };
}
