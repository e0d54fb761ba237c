import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { KtsError } from "../../contract/errors.ts";
import type { Cluster, KubeObject, ObjectName } from "../cluster/cluster.ts";
import { RESOURCES } from "../cluster/resources.ts";
import type { Members } from "../manifests/manifest.ts";
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
 * Waits until a graph that was applied is ready: its condition says so, and routers with this very graph run. KServe
 * says Ready as soon as there is a Deployment, be no router up, and goes on saying it while another graph is rolled out.
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
          hint: `It goes on by itself; kserve-ts describe ${view.name} -n ${view.namespace} shows how it stands.`,
        },
      );
    }
    await delay(LOOK_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
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
  const { conditions = [], url } = (graph["status"] ?? {}) as GraphStatus;
  const ready = conditions.find(({ type }) => type === "Ready");
  const router = ready?.status === "True" ? await routerOf(cluster, namespace, name) : undefined;
  const isReady = router !== undefined && isCurrent(router, graph) && serves(router);
  const waitsFor = isReady
    ? undefined
    : ready?.status === "True"
      ? await routerProblem(cluster, namespace, name)
      : (ready?.message ??
        (await eventOf(cluster, namespace, name)) ??
        missingService(graph, await servicesOf(cluster, namespace)));
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
}

/** What runs the routers: a Deployment, or Knative's Service. */
async function routerOf(cluster: Cluster, namespace: string, name: string): Promise<KubeObject | undefined> {
  const deployment = await cluster.get(RESOURCES.deployment, { namespace, name });
  return deployment ?? cluster.get(RESOURCES.knativeService, { namespace, name });
}

/** The condition may still be that of the graph before: the router has its graph in its arguments. */
function isCurrent(router: KubeObject, graph: KubeObject): boolean {
  const { template } = router["spec"] as {
    template?: { spec?: { containers?: readonly { args?: readonly string[] }[] } };
  };
  const args = template?.spec?.containers?.[0]?.args ?? [];
  const json = args[args.indexOf("--graph-json") + 1];
  if (!args.includes("--graph-json") || json === undefined) return true;
  const has = JSON.parse(json) as { nodes?: GraphNodes };
  const { nodes } = graph["spec"] as { nodes?: GraphNodes };
  return isDeepStrictEqual(plainNodes(has.nodes), plainNodes(nodes));
}

type GraphNodes = Readonly<Record<string, { routerType: string; steps?: readonly Members[] }>>;

/** Nodes without what is empty, and without the addresses that KServe has put to the services' names. */
function plainNodes(nodes: GraphNodes = {}): Members {
  const plainStep = (step: Members): Members =>
    Object.fromEntries(
      Object.entries(step).filter(
        ([key, value]) =>
          value !== "" && value !== false && !(key === "serviceUrl" && step["serviceName"] !== undefined),
      ),
    );
  return Object.fromEntries(
    Object.entries(nodes).map(([name, { routerType, steps = [] }]) => [
      name,
      { routerType, steps: steps.map(plainStep) },
    ]),
  );
}

/** Whether routers of the newest spec answer, as many as are asked for, and none of an earlier one is left. */
function serves(router: KubeObject): boolean {
  const { metadata, kind } = router;
  const status = (router["status"] ?? {}) as {
    observedGeneration?: number;
    replicas?: number;
    updatedReplicas?: number;
    availableReplicas?: number;
    conditions?: readonly Condition[];
  };
  if (status.observedGeneration !== metadata.generation) return false;
  if (kind === "Service") {
    return status.conditions?.some((one) => one.type === "Ready" && one.status === "True") ?? false;
  }
  const { replicas: asked = 1 } = router["spec"] as { replicas?: number };
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  return updatedReplicas >= asked && availableReplicas >= asked && replicas === updatedReplicas;
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
