import type { Cluster, KubeObject } from "../../deployer/cluster/cluster.ts";
import type { Manifest } from "../../deployer/manifests/manifest.ts";
import { keepGood } from "../../deployer/rollout/last-good.ts";
import type { RolloutView } from "../../deployer/rollout/progress.ts";
import { waitUntilReady } from "../../deployer/rollout/wait.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** How a verb waits. */
export interface ReadyWait {
  readonly wait: boolean;
  readonly timeoutSeconds: number;
}

/**
 * Waits, unless told not to, until an InferenceService that was changed is ready, and keeps it as one to go back to.
 * @returns whether it is known to be ready
 * @throws KtsError as `waitUntilReady`
 */
export async function untilReady(
  cluster: Cluster,
  service: KubeObject,
  manifest: Manifest | undefined,
  { wait, timeoutSeconds }: ReadyWait,
  terminal: Terminal,
): Promise<boolean> {
  if (!wait) return false;
  const { name, namespace, generation = 1 } = service.metadata;
  await waitUntilReady(
    cluster,
    { name, namespace, generation },
    { timeoutMs: timeoutSeconds * 1000, onView: (view) => terminal.status(standing(view)) },
  );
  terminal.status(undefined);
  if (manifest !== undefined) await keepGood(cluster, manifest, service);
  return true;
}

/** How a rollout stands, in a line. */
function standing({ name, pods }: RolloutView): string {
  const states = pods.map((pod) => `${pod.name} ${pod.state}`).join(", ");
  return `Waiting for ${name} to be ready${states === "" ? "" : ` (${states})`}`;
}
