import { KtsError } from "../../contract/errors.ts";
import type { Cluster, KubeObject } from "../cluster/cluster.ts";
import { RESOURCES } from "../cluster/resources.ts";
import { listOf, membersOf, numberOf, textOf } from "../members.ts";
import type { Members } from "../manifests/manifest.ts";
import { viewGraph } from "./graph-ready.ts";
import type { Condition } from "./progress.ts";
import type { ServiceName } from "./service/find-service.ts";
import { byPlace, conditionOf, conditionsOf, isOurs, specOf, urlOf } from "./service/service-facts.ts";
import { type WaitOptions, untilLetGo, untilObjects } from "./service/until-objects.ts";

/** Label of a graph's routers. */
const GRAPH_LABEL = "serving.kserve.io/inferencegraph";

/** An InferenceGraph in a list. */
export interface GraphSummary {
  readonly name: string;
  readonly namespace: string;
  /** As KServe says it, which is `ready` as soon as there is a Deployment of routers; `describeGraph` looks at them. */
  readonly state: "ready" | "not ready" | "deleting" | "unknown";
  /** Why it is not ready, in KServe's words. */
  readonly reason?: string;
  /** The InferenceServices that it goes to, each once, in the nodes' order. */
  readonly services: readonly string[];
  readonly url?: string;
  /** When it was made, as ISO 8601. */
  readonly createdAt?: string;
  /** Whether kserve-ts made it. */
  readonly isOurs: boolean;
}

/** A node of a graph, as the cluster has it. */
export interface GraphNode {
  readonly name: string;
  readonly router: "sequence" | "splitter" | "ensemble" | "switch" | "unknown";
  readonly steps: readonly GraphStep[];
}

/** A step of a node. */
export interface GraphStep {
  readonly name?: string;
  /** What it goes to. */
  readonly to: { readonly service: string } | { readonly node: string } | { readonly url: string };
  readonly weight?: number;
  readonly condition?: string;
}

/** An InferenceGraph as it stands. */
export interface GraphDescription extends GraphSummary {
  readonly conditions: readonly Condition[];
  /** What it waits for, where it is not ready. */
  readonly waitsFor?: string;
  readonly nodes: readonly GraphNode[];
}

/**
 * The InferenceGraphs of a namespace, by name; none where the cluster has no such kind, or one may not list them.
 * @param namespace default: the cluster's own; `*`: of every one
 */
export async function listGraphs(
  cluster: Cluster,
  { namespace, signal }: { readonly namespace?: string; readonly signal?: AbortSignal } = {},
): Promise<readonly GraphSummary[]> {
  const query = namespace === undefined ? {} : { namespace };
  const { items } = await cluster
    .list(RESOURCES.inferenceGraph, query, signal)
    .catch((error: unknown): { items: readonly KubeObject[] } => {
      if (error instanceof KtsError && error.code === "KTS_CLUSTER_DENIED") return { items: [] };
      throw error;
    });
  return items.map(summarizeGraph).toSorted(byPlace);
}

/** What a list says of a graph. */
export function summarizeGraph(graph: KubeObject): GraphSummary {
  const { name, namespace, creationTimestamp, deletionTimestamp } = graph.metadata;
  const ready = conditionOf(graph, "Ready");
  const state =
    deletionTimestamp !== undefined
      ? "deleting"
      : ready?.status === "True"
        ? "ready"
        : ready?.status === "False"
          ? "not ready"
          : "unknown";
  const reason = ready?.reason ?? ready?.message;
  const services = nodesOf(graph).flatMap(({ steps }) =>
    steps.flatMap(({ to }) => ("service" in to ? [to.service] : [])),
  );
  const url = urlOf(graph);
  return {
    name,
    namespace,
    state,
    ...(state !== "ready" && reason !== undefined && { reason }),
    services: [...new Set(services)],
    ...(url !== undefined && { url }),
    ...(creationTimestamp !== undefined && { createdAt: creationTimestamp }),
    isOurs: isOurs(graph),
  };
}

/** An InferenceGraph with its nodes, and whether its routers run; undefined where there is none of that name. */
export async function describeGraph(
  cluster: Cluster,
  { name, namespace = cluster.namespace }: ServiceName,
  signal?: AbortSignal,
): Promise<GraphDescription | undefined> {
  const graph = await cluster.get(RESOURCES.inferenceGraph, { name, namespace }, signal);
  const view = graph === undefined ? undefined : await viewGraph(cluster, { name, namespace }, signal);
  if (graph === undefined || view === undefined) return undefined;
  const { reason: _, ...summary } = summarizeGraph(graph);
  const state = summary.state === "ready" && !view.ready ? "not ready" : summary.state;
  return {
    ...summary,
    state,
    ...(view.waitsFor !== undefined && { waitsFor: view.waitsFor }),
    conditions: conditionsOf(graph),
    nodes: nodesOf(graph),
  };
}

/**
 * Deletes an InferenceGraph; the InferenceServices that it goes to stay.
 * @param options with `wait` false it returns at once; default true: when it and its routers are gone
 * @returns false where there is none of that name
 * @throws KtsError KTS_ROLLOUT_TIMEOUT
 */
export async function deleteGraph(
  cluster: Cluster,
  { name, namespace = cluster.namespace }: ServiceName,
  options: WaitOptions & { readonly wait?: boolean },
): Promise<boolean> {
  const { wait = true, signal } = options;
  const graph = await cluster.get(RESOURCES.inferenceGraph, { name, namespace }, signal);
  if (graph === undefined) return false;
  await cluster.delete(RESOURCES.inferenceGraph, { name, namespace }, signal);
  if (!wait) return true;
  await untilLetGo(cluster, RESOURCES.inferenceGraph, graph, options);
  const routers = { namespace, labels: `${GRAPH_LABEL}=${name}` };
  await untilObjects(
    cluster,
    RESOURCES.pod,
    routers,
    (pods) => (pods.length > 0 ? "its router to end" : undefined),
    options,
  );
  return true;
}

function nodesOf(graph: KubeObject): readonly GraphNode[] {
  return Object.entries(membersOf(specOf(graph)["nodes"])).map(([name, node]) => {
    const { routerType, steps } = membersOf(node);
    return { name, router: routerOf(routerType), steps: listOf(steps).map(stepOf) };
  });
}

function routerOf(type: unknown): GraphNode["router"] {
  const router = String(type).toLowerCase();
  return router === "sequence" || router === "splitter" || router === "ensemble" || router === "switch"
    ? router
    : "unknown";
}

function stepOf(step: Members): GraphStep {
  const name = textOf(step["name"]);
  const service = textOf(step["serviceName"]);
  const node = textOf(step["nodeName"]);
  const weight = numberOf(step["weight"]);
  const condition = textOf(step["condition"]);
  return {
    ...(name !== undefined && { name }),
    // KServe writes a service's address beside its name.
    to:
      service !== undefined
        ? { service }
        : node !== undefined
          ? { node }
          : { url: textOf(step["serviceUrl"]) ?? "" },
    ...(weight !== undefined && { weight }),
    ...(condition !== undefined && { condition }),
  };
}
