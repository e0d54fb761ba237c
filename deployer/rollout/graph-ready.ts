import { setTimeout as delay } from "node:timers/promises";
import { KtsError } from "../../contract/errors.ts";
import type { Cluster, KubeObject, ObjectName } from "../cluster/cluster.ts";
import { RESOURCES } from "../cluster/resources.ts";
import type { Condition } from "./progress.ts";

/** Between two looks at the graph. */
const LOOK_MS = 300;

/** How a graph stands. */
export interface GraphView {
  readonly name: string;
  readonly namespace: string;
  readonly ready: boolean;
  /** Where it answers, once it is ready. */
  readonly url?: string;
  /** What it waits for, in KServe's words or the router's; undefined where nothing says so. */
  readonly waitsFor?: string;
  readonly conditions: readonly Condition[];
}

/** How it is waited for. */
export interface GraphWait {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Called when its view has changed. */
  readonly onView?: (view: GraphView) => void;
}

/**
 * Waits until a graph that was applied is ready: its condition says so, and a router runs where it is a Deployment.
 * KServe says Ready as soon as there is a Deployment, be no router up.
 * @throws KtsError KTS_ROLLOUT_TIMEOUT with what it waits for, KTS_SERVICE_NOT_FOUND when it is deleted meanwhile
 */
export async function waitUntilGraphReady(
  cluster: Cluster,
  graph: ObjectName,
  { timeoutMs, signal, onView }: GraphWait,
): Promise<GraphView> {
  const end = performance.now() + timeoutMs;
  let last = "";
  for (;;) {
    const view = await viewGraph(cluster, graph, signal);
    if (view === undefined) {
      const where = `${graph.name} in ${graph.namespace ?? cluster.namespace}`;
      throw new KtsError("KTS_SERVICE_NOT_FOUND", `there is no InferenceGraph ${where}`);
    }
    const text = JSON.stringify(view);
    if (text !== last) onView?.(view);
    last = text;
    if (view.ready) return view;
    if (performance.now() > end) {
      const why = view.waitsFor === undefined ? "" : `: ${view.waitsFor}`;
      throw new KtsError(
        "KTS_ROLLOUT_TIMEOUT",
        `the InferenceGraph ${view.name} in ${view.namespace} is not ready after ${Math.round(timeoutMs / 1000)} s${why}`,
        {
          hint: `It goes on by itself; kubectl -n ${view.namespace} describe inferencegraph ${view.name} shows how it stands.`,
        },
      );
    }
    await delay(LOOK_MS, undefined, { signal });
  }
}

/** How a graph stands now; undefined where there is none. */
export async function viewGraph(
  cluster: Cluster,
  { name, namespace = cluster.namespace }: ObjectName,
  signal?: AbortSignal,
): Promise<GraphView | undefined> {
  const graph = await cluster.get(RESOURCES.inferenceGraph, { namespace, name }, signal);
  if (graph === undefined) return undefined;
  const { conditions = [], url, deploymentMode } = (graph["status"] ?? {}) as GraphStatus;
  const ready = conditions.find(({ type }) => type === "Ready");
  const deployment =
    ready?.status === "True" && deploymentMode !== "Knative"
      ? await cluster.get(RESOURCES.deployment, { namespace, name }, signal)
      : undefined;
  const waitsFor =
    ready?.status !== "True"
      ? (ready?.message ??
        (await eventOf(cluster, namespace, name)) ??
        missingService(graph, await servicesOf(cluster, namespace)))
      : deployment !== undefined && !hasRouter(deployment)
        ? await routerProblem(cluster, namespace, name)
        : undefined;
  const isReady = ready?.status === "True" && (deployment === undefined || hasRouter(deployment));
  return {
    name,
    namespace,
    ready: isReady,
    ...(isReady && url !== undefined && { url }),
    ...(waitsFor !== undefined && { waitsFor }),
    conditions,
  };
}

interface GraphStatus {
  readonly conditions?: readonly Condition[];
  readonly url?: string;
  readonly deploymentMode?: string;
}

/** Whether the routers that are asked for are those of the newest spec, and one of them answers. */
function hasRouter(deployment: KubeObject): boolean {
  const {
    observedGeneration,
    updatedReplicas = 0,
    availableReplicas = 0,
  } = (deployment["status"] ?? {}) as {
    observedGeneration?: number;
    updatedReplicas?: number;
    availableReplicas?: number;
  };
  return (
    observedGeneration === deployment.metadata.generation && updatedReplicas > 0 && availableReplicas > 0
  );
}

/** What the router's container waits for. */
async function routerProblem(cluster: Cluster, namespace: string, name: string): Promise<string> {
  const labels = `serving.kserve.io/inferencegraph=${name}`;
  const { items } = await cluster.list(RESOURCES.pod, { namespace, labels });
  for (const pod of items) {
    const { containerStatuses = [], conditions = [] } = (pod["status"] ?? {}) as {
      containerStatuses?: { state?: { waiting?: { reason?: string; message?: string } } }[];
      conditions?: Condition[];
    };
    const waiting = containerStatuses.find(({ state }) => state?.waiting !== undefined)?.state?.waiting;
    if (waiting !== undefined)
      return `its router ${pod.metadata.name}: ${waiting.reason}: ${waiting.message ?? ""}`;
    const scheduled = conditions.find(({ type, status }) => type === "PodScheduled" && status === "False");
    if (scheduled !== undefined)
      return `its router ${pod.metadata.name}: ${scheduled.message ?? "unschedulable"}`;
  }
  return "no router is up yet";
}

async function eventOf(cluster: Cluster, namespace: string, name: string): Promise<string | undefined> {
  const fields = `involvedObject.name=${name},involvedObject.kind=InferenceGraph`;
  const { items } = await cluster.list(RESOURCES.event, { namespace, fields });
  const message = items.findLast((event) => event["type"] === "Warning")?.["message"];
  return typeof message === "string" ? message : undefined;
}

async function servicesOf(cluster: Cluster, namespace: string): Promise<ReadonlyMap<string, boolean>> {
  const { items } = await cluster.list(RESOURCES.inferenceService, { namespace });
  return new Map(
    items.map((service) => {
      const { address } = (service["status"] ?? {}) as { address?: { url?: string } };
      return [service.metadata.name, address?.url !== undefined];
    }),
  );
}

/** A service that the graph names and that has no address: KServe waits for it and says nothing. */
function missingService(graph: KubeObject, services: ReadonlyMap<string, boolean>): string | undefined {
  const { nodes = {} } = graph["spec"] as { nodes?: Record<string, { steps?: { serviceName?: string }[] }> };
  const named = Object.values(nodes).flatMap(({ steps = [] }) =>
    steps.flatMap(({ serviceName }) => serviceName ?? []),
  );
  const missing = named.find((service) => services.get(service) !== true);
  if (missing === undefined) return undefined;
  return services.has(missing)
    ? `the InferenceService ${missing} is not ready`
    : `there is no InferenceService ${missing} in its namespace`;
}
