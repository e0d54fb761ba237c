import { KtsError } from "../../contract/errors.ts";
import type { Cluster, KubeObject } from "../cluster/cluster.ts";
import { RESOURCES } from "../cluster/resources.ts";
import { podsOf } from "../pods/service-pods.ts";
import { Channel } from "./channel.ts";
import { containersOf } from "./container-runs.ts";
import { ContainerFollower, type Following } from "./follow-container.ts";
import type { LogLine, LogOptions } from "./log-line.ts";
import { PodBoard, uidOf } from "./pod-board.ts";
import { containerLines, noteOf, originOf } from "./run-lines.ts";

const STOP_ANNOTATION = "serving.kserve.io/stop";

/**
 * The lines of all pods of an InferenceService: of their init containers, their servers and sidecars, and of what ran
 * in these before a restart. Without `follow` container by container, with it as they come, and then until the signal
 * is aborted or the service is deleted. Leaving the loop ends everything that is under way.
 *
 * @param service name of the InferenceService, in the cluster's namespace
 * @throws KtsError KTS_SERVICE_NOT_FOUND, KTS_USAGE where no pod has the container that is named, and what Cluster's
 * calls throw
 * @example
 * for await (const { pod, text } of followServiceLogs(cluster, "digits", { tailLines: 10 })) console.log(pod, text);
 */
export async function* followServiceLogs(
  cluster: Cluster,
  service: string,
  options: LogOptions = {},
): AsyncGenerator<LogLine, void, undefined> {
  const leaving = new AbortController();
  const signal = AbortSignal.any([leaving.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  try {
    yield* serviceLines(cluster, service, { ...options, signal }, signal);
  } catch (error) {
    if (options.signal?.aborted !== true) throw error;
  } finally {
    leaving.abort();
  }
}

async function* serviceLines(
  cluster: Cluster,
  service: string,
  options: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<LogLine, void, undefined> {
  const query = podsOf(service, options.component);
  const board = new PodBoard();
  const [isvc, resourceVersion] = await Promise.all([
    cluster.get(RESOURCES.inferenceService, { name: service }, signal),
    board.load(cluster, query, signal),
  ]);
  if (isvc === undefined) {
    throw new KtsError(
      "KTS_SERVICE_NOT_FOUND",
      `there is no InferenceService ${service} in namespace ${cluster.namespace} of ${cluster.context}`,
    );
  }
  checkContainer(board.pods, options.container);
  const follows = options.follow === true && options.previous !== "only";
  if (board.pods.length === 0) yield noteOf(NOWHERE, whyNoPods(isvc, options.component, follows));
  if (!follows) {
    const containers = board.pods.flatMap((pod) =>
      wantedContainers(pod, options).map((container) => ({ pod, container })),
    );
    const all = await Promise.all(
      containers.map(({ pod, container }) =>
        containerLines(cluster, originOf(pod, container.name), container, options),
      ),
    );
    for (const lines of all) yield* lines;
    return;
  }
  const channel = new Channel<LogLine>();
  const end = () => channel.close();
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  const following: Following = { cluster, board, channel, options, signal };
  const failed = (error: unknown) => channel.fail(error);
  board.watch(cluster, query, resourceVersion, signal).catch(failed);
  followPods(following, service).then(end, failed);
  yield* channel;
}

const NOWHERE = { pod: "", component: "", container: "" } as const;

/** Follows every pod there is, and each that comes; ends when the service is deleted and its pods are gone. */
async function followPods(following: Following, service: string): Promise<void> {
  const { cluster, board, channel, options, signal } = following;
  const known = new Set<string>();
  for (;;) {
    const { changed } = board;
    for (const pod of board.pods) {
      const uid = uidOf(pod);
      if (known.has(uid)) continue;
      known.add(uid);
      for (const { name } of wantedContainers(pod, options)) {
        const follower = new ContainerFollower(following, uid, originOf(pod, name));
        follower.follow().catch((error: unknown) => channel.fail(error));
      }
    }
    if (known.size > 0 && board.pods.length === 0) {
      const isvc = await cluster.get(RESOURCES.inferenceService, { name: service }, signal);
      if (isvc === undefined) return channel.push(noteOf(NOWHERE, `${service} has been deleted`));
    }
    await changed;
  }
}

function wantedContainers(pod: KubeObject, { container }: LogOptions) {
  return containersOf(pod).filter(({ name }) => container === undefined || name === container);
}

function checkContainer(pods: readonly KubeObject[], wanted: string | undefined): void {
  const names = new Set(pods.flatMap((pod) => containersOf(pod).map(({ name }) => name)));
  if (wanted === undefined || names.size === 0 || names.has(wanted)) return;
  throw new KtsError("KTS_USAGE", `no pod has a container ${wanted}`, {
    hint: `There are ${[...names].join(", ")}.`,
  });
}

function whyNoPods(isvc: KubeObject, component: string | undefined, follows: boolean): string {
  if (isvc.metadata.annotations?.[STOP_ANNOTATION]?.toLowerCase() === "true") {
    return `${isvc.metadata.name} is stopped and has no pods; kserve-ts start ${isvc.metadata.name} starts it`;
  }
  const what = component === undefined ? isvc.metadata.name : `the ${component} of ${isvc.metadata.name}`;
  return `${what} has no pods${follows ? " yet; waiting for them" : ""}`;
}
