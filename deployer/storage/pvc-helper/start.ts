import { setTimeout as delay } from "node:timers/promises";
import { KtsError } from "../../../contract/errors.ts";
import type { Cluster, KubeObject } from "../../cluster/cluster.ts";
import { RESOURCES } from "../../cluster/resources.ts";
import { type Claim, isOfOneNode, usersOf } from "./claim.ts";
import { HELPER_LABELS, type HelperPod, hasEnded, helperPod } from "./pod.ts";
import { whyNotStarted } from "./why-not-started.ts";

/** Between two looks at the pod that is to start. */
const LOOK_MS = 250;

/** How a helper is started. */
export interface StartOptions extends Pick<
  HelperPod,
  "image" | "userId" | "imagePullSecrets" | "deadlineSeconds"
> {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Starts a helper on a claim and waits until it runs. Whatever goes wrong, no pod stays.
 * @returns the pod's name
 * @throws KtsError KTS_STORE_UNREACHABLE with the reason when it does not start
 */
export async function startHelper(cluster: Cluster, claim: Claim, options: StartOptions): Promise<string> {
  await removeEnded(cluster, claim.namespace);
  const users = await usersOf(cluster, claim);
  // Two nodes cannot have such a volume at once, so we go where it is.
  const node = isOfOneNode(claim) ? users[0]?.node : undefined;
  const manifest = helperPod({ ...options, namespace: claim.namespace, claim: claim.name, node });
  const { name } = manifest.metadata;
  try {
    await cluster.create(RESOURCES.pod, manifest, options.signal);
    await untilRunning(cluster, claim, name, options);
    return name;
  } catch (error) {
    await removeHelper(cluster, claim.namespace, name);
    throw error;
  }
}

/** Deletes a helper. A failure is no reason to fail: the cluster ends it at its deadline. */
export async function removeHelper(cluster: Cluster, namespace: string, name: string): Promise<void> {
  try {
    await cluster.delete(RESOURCES.pod, { namespace, name });
  } catch (error) {
    if (!(error instanceof KtsError)) throw error;
  }
}

/** Helpers that the cluster has ended at their deadline, since whoever started them was gone. */
async function removeEnded(cluster: Cluster, namespace: string): Promise<void> {
  const labels = Object.entries(HELPER_LABELS).map(([key, value]) => `${key}=${value}`);
  const { items } = await cluster.list(RESOURCES.pod, { namespace, labels: labels.join(",") });
  const ended = items.filter(hasEnded);
  await Promise.all(ended.map(({ metadata }) => removeHelper(cluster, namespace, metadata.name)));
}

async function untilRunning(
  cluster: Cluster,
  claim: Claim,
  name: string,
  { timeoutMs, image, signal }: StartOptions,
): Promise<void> {
  const where = { namespace: claim.namespace, name };
  const fail = (message: string, hint: string): KtsError =>
    new KtsError(
      "KTS_STORE_UNREACHABLE",
      `pvc://${claim.name}: the helper pod ${name} in ${claim.namespace} (image ${image}) did not start: ${message}`,
      { hint },
    );
  const end = performance.now() + timeoutMs;
  for (;;) {
    const pod = await cluster.get(RESOURCES.pod, where, signal);
    if (pod === undefined) throw fail("somebody has deleted it", "Deploy again.");
    if (isRunning(pod)) return;
    const problem = whyNotStarted(
      pod,
      await eventsOf(cluster, where),
      claim,
      (await usersOf(cluster, claim)).filter((user) => user.pod !== name),
    );
    if (problem?.isFinal === true) throw fail(problem.message, problem.hint);
    if (performance.now() > end) {
      const waited = `it is not running after ${Math.round(timeoutMs / 1000)} s`;
      const why = problem === undefined ? waited : `${waited}; ${problem.message}`;
      throw fail(why, problem?.hint ?? `kubectl -n ${claim.namespace} get events shows what it waits for.`);
    }
    await delay(LOOK_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function isRunning(pod: KubeObject): boolean {
  const { containerStatuses: [container] = [] } = (pod["status"] ?? {}) as {
    containerStatuses?: { state?: { running?: object } }[];
  };
  return container?.state?.running !== undefined;
}

async function eventsOf(
  cluster: Cluster,
  { namespace, name }: { namespace: string; name: string },
): Promise<readonly KubeObject[]> {
  const { items } = await cluster.list(RESOURCES.event, { namespace, fields: `involvedObject.name=${name}` });
  return items;
}
