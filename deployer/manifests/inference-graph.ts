import type {
  DeploymentMode,
  GraphConfig,
  GraphNodeConfig,
  GraphStepConfig,
} from "../../contract/deploy-config.ts";
import { describeValue } from "../../contract/describe.ts";
import { KtsError } from "../../contract/errors.ts";
import { ROUTERS, type Router, plainStep } from "../config/graph-schema.ts";
import { MOST_LABEL } from "../config/names.ts";
import { type KserveFeature, type KserveVersion, hasFeature, sinceVersion } from "../kserve-version.ts";
import { OWN_LABELS } from "./access.ts";
import { modeName } from "./inference-service.ts";
import { type Manifest, type Members, compact } from "./manifest.ts";

/** Where graphs are deployed to. */
export interface GraphPlace {
  readonly namespace: string;
  readonly mode: DeploymentMode;
  readonly version: KserveVersion;
  /** Name of the InferenceService that is deployed with them; a graph cannot have the same. */
  readonly service?: string;
}

/** KServe's names of the routers. */
const ROUTER_TYPES: Readonly<Record<Router, string>> = {
  sequence: "Sequence",
  splitter: "Splitter",
  ensemble: "Ensemble",
  switch: "Switch",
};

/**
 * The manifests of a config file's `graphs`. Pure, as `render` is. They are applied after the InferenceServices: KServe
 * asks those for their addresses.
 * @throws KtsError KTS_CONFIG_INVALID when a setting cannot be on this cluster
 */
export function graphManifests(
  graphs: Readonly<Record<string, GraphConfig>>,
  place: GraphPlace,
): readonly Manifest[] {
  return Object.entries(graphs).map(([name, graph]) => renderGraph(name, graph, place));
}

/** The InferenceGraph of one graph. */
export function renderGraph(name: string, graph: GraphConfig, place: GraphPlace): Manifest {
  checkGraph(name, graph, place);
  const { nodes, resources, minReplicas, maxReplicas, timeoutSeconds } = graph;
  return {
    apiVersion: "serving.kserve.io/v1alpha1",
    kind: "InferenceGraph",
    metadata: {
      name,
      namespace: place.namespace,
      labels: OWN_LABELS,
      annotations: { "serving.kserve.io/deploymentMode": modeName(place.mode, place.version) },
    },
    spec: {
      nodes: Object.fromEntries(Object.entries(nodes).map(([node, routers]) => [node, nodeOf(routers)])),
      ...compact({ resources, minReplicas, maxReplicas, timeout: timeoutSeconds }),
    },
  };
}

function nodeOf(routers: GraphNodeConfig): Members {
  const [router, steps] = routerOf(routers);
  return { routerType: ROUTER_TYPES[router], steps: steps.map((step, at) => stepOf(router, step, at)) };
}

/** KServe's own default gives every step of a sequence the first request; a chain is what is meant by one. */
function stepOf(router: Router, step: GraphStepConfig, at: number): Members {
  const follows = router === "sequence" && at > 0;
  const data = step.data ?? (follows ? "response" : undefined);
  return compact({
    name: step.name,
    serviceName: step.service,
    nodeName: step.node,
    serviceUrl: step.url,
    data: data && `$${data}`,
    mapPredictionsToInstances: step.predictionsToInstances,
    weight: step.weight,
    condition: step.condition,
    dependency: step.dependency && (step.dependency === "hard" ? "Hard" : "Soft"),
  });
}

function routerOf(routers: GraphNodeConfig): readonly [router: Router, steps: readonly GraphStepConfig[]] {
  const router = ROUTERS.find((name) => routers[name] !== undefined) ?? "sequence";
  return [router, (routers[router] ?? []).map(plainStep)];
}

/** What only the place decides: its release, and the names that are taken there. */
function checkGraph(
  name: string,
  graph: GraphConfig,
  { version, namespace, mode, service }: GraphPlace,
): void {
  const at = `graphs.${name}`;
  const needs = (path: string, feature: KserveFeature, value: unknown): string | undefined =>
    value === undefined || hasFeature(version, feature)
      ? undefined
      : `${at}.${path}: expected none before KServe ${sinceVersion(feature)}, got ${describeValue(value)}`;
  const problems = [
    name === service
      ? `${at}: expected another name than the InferenceService's, whose objects it has`
      : undefined,
    mode === "Standard" && `${name}-${namespace}`.length > MOST_LABEL
      ? `${at}: expected a name shorter by ${`${name}-${namespace}`.length - MOST_LABEL}: the host, ${name}-${namespace}, may have ${MOST_LABEL} characters`
      : undefined,
    needs("resources", "graphResources", graph.resources),
    needs("minReplicas", "graphScaling", graph.minReplicas),
    needs("maxReplicas", "graphScaling", graph.maxReplicas),
    needs("timeoutSeconds", "graphScaling", graph.timeoutSeconds),
    ...Object.entries(graph.nodes).flatMap(([node, routers]) => {
      const [router, steps] = routerOf(routers);
      return steps.flatMap((step, index) => [
        needs(`nodes.${node}.${router}[${index}].dependency`, "graphDependency", step.dependency),
        needs(
          `nodes.${node}.${router}[${index}].predictionsToInstances`,
          "graphMapping",
          step.predictionsToInstances,
        ),
      ]);
    }),
    mode === "Standard" && graph.minReplicas === 0
      ? `${at}.minReplicas: expected at least 1 in Standard mode, got 0`
      : undefined,
  ].filter((problem) => problem !== undefined);
  if (problems.length > 0) throw new KtsError("KTS_CONFIG_INVALID", problems.join("\n"));
}
