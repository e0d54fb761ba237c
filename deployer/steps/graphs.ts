import type { Cluster } from "../cluster/cluster.ts";
import type { Manifest } from "../manifests/manifest.ts";
import { type AppliedObject, applyManifests } from "../rollout/apply.ts";
import { type GraphView, waitUntilGraphReady } from "../rollout/graph-ready.ts";

/** What became of a graph. */
export interface DeployedGraph {
  readonly object: AppliedObject;
  /** How it stood in the end; undefined: nobody waited. */
  readonly view: GraphView | undefined;
}

/** How graphs are deployed. */
export interface DeployGraphsOptions {
  /** Milliseconds to wait until all of them are ready; 0: not at all. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Called whenever the view of one has changed. */
  readonly onView?: (view: GraphView) => void;
}

/** Asks the server whether it takes the graphs, and changes nothing. @throws KtsError KTS_CLUSTER_* where it does not */
export async function checkGraphs(
  cluster: Cluster,
  graphs: readonly Manifest[],
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(graphs.map((graph) => applyManifests(cluster, [graph], { dryRun: true, signal })));
}

/**
 * Applies graphs and waits until they are ready. Each that is applied stays, whatever becomes of the next.
 * @throws KtsError KTS_CLUSTER_* as applying does, KTS_ROLLOUT_TIMEOUT with what a graph waits for
 */
export async function deployGraphs(
  cluster: Cluster,
  graphs: readonly Manifest[],
  { timeoutMs, signal, onView }: DeployGraphsOptions,
): Promise<readonly DeployedGraph[]> {
  const end = performance.now() + timeoutMs;
  const objects: AppliedObject[] = [];
  for (const graph of graphs) objects.push(...(await applyManifests(cluster, [graph], { signal })).objects);
  const deployed: DeployedGraph[] = [];
  for (const object of objects) {
    const wait = { timeoutMs: Math.max(end - performance.now(), 0), signal, ...(onView && { onView }) };
    const view = timeoutMs === 0 ? undefined : await waitUntilGraphReady(cluster, object, wait);
    deployed.push({ object, view });
  }
  return deployed;
}
