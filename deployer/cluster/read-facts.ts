import type { DeploymentMode } from "../../contract/deploy-config.ts";
import { KtsError, isKtsError } from "../../contract/errors.ts";
import type { Cluster, KubeObject, ObjectQuery } from "./cluster.ts";
import type { KserveFacts } from "./facts.ts";
import { findVersion } from "./find-version.ts";
import { settingsIn } from "./kserve-settings.ts";
import { RESOURCES, type Resource } from "./resources.ts";
import { type RuntimeFacts, runtimeFacts } from "./runtimes.ts";

/** Where KServe's controller runs, by who installed it: looked at where one may not look everywhere. */
const HOMES = ["kserve", "kubeflow", "opendatahub", "redhat-ods-applications"] as const;

/**
 * What a plan has to know of the cluster's KServe. What one may not read is told by other evidence, and `versionFrom` and
 * `configRead` say so.
 * @throws KtsError KTS_KSERVE_MISSING when the cluster does not know KServe's kinds, or one of the cluster's own
 */
export async function readFacts(cluster: Cluster, signal?: AbortSignal): Promise<KserveFacts> {
  const [kserve, knative, controllers, configMaps, runtimes] = await Promise.all([
    cluster.getPath("/apis/serving.kserve.io", signal),
    cluster.getPath("/apis/serving.knative.dev", signal),
    anywhere(cluster, RESOURCES.deployment, { labels: "control-plane=kserve-controller-manager" }, signal),
    anywhere(cluster, RESOURCES.configMap, { fields: "metadata.name=inferenceservice-config" }, signal),
    readRuntimes(cluster, signal),
  ]);
  if (kserve === undefined) {
    const { context, server } = cluster;
    throw new KtsError(
      "KTS_KSERVE_MISSING",
      `There is no KServe on the cluster ${server} (context ${context}).`,
    );
  }
  const [controller] = controllers;
  const configMap = configMaps.find(({ metadata }) => metadata.namespace === controller?.metadata.namespace);
  const settings = settingsIn(configMap ?? configMaps[0]);
  const hasKnative = knative !== undefined;
  const { domain, s3KeyNames } = settings;
  return {
    ...(await findVersion(cluster, controller, settings, signal)),
    defaultMode: settings.defaultMode ?? shippedMode(hasKnative),
    hasKnative,
    usesGatewayApi: settings.usesGatewayApi,
    ...(domain !== undefined && { domain }),
    ...(s3KeyNames !== undefined && { s3KeyNames }),
    ...(runtimes !== undefined && { runtimes }),
    configRead: configMaps.length > 0,
  };
}

/** Both kinds of runtimes: with one alone it cannot be told which KServe takes. */
async function readRuntimes(
  cluster: Cluster,
  signal: AbortSignal | undefined,
): Promise<readonly RuntimeFacts[] | undefined> {
  const [own, clusters] = await Promise.all([
    known(cluster, RESOURCES.servingRuntime, signal),
    known(cluster, RESOURCES.clusterServingRuntime, signal),
  ]);
  if (own === undefined || clusters === undefined) return undefined;
  return [
    ...own.map((object) => runtimeFacts(object, true)),
    ...clusters.map((object) => runtimeFacts(object, false)),
  ];
}

/** Objects of a kind that the cluster need not have; undefined where one may not list them. */
async function known(
  cluster: Cluster,
  resource: Resource,
  signal: AbortSignal | undefined,
): Promise<readonly KubeObject[] | undefined> {
  try {
    return await allowed(cluster, resource, {}, signal);
  } catch (error) {
    if (isKtsError(error) && error.status === 404) return [];
    throw error;
  }
}

/** KServe ships with Knative's mode, which does nothing where there is no Knative. */
function shippedMode(hasKnative: boolean): DeploymentMode {
  return hasKnative ? "Knative" : "Standard";
}

/** Objects of all namespaces; of the usual ones alone, where one may not look into all. */
async function anywhere(
  cluster: Cluster,
  resource: Resource,
  query: ObjectQuery,
  signal: AbortSignal | undefined,
): Promise<readonly KubeObject[]> {
  const everywhere = await allowed(cluster, resource, { ...query, namespace: "*" }, signal);
  if (everywhere !== undefined) return everywhere;
  const found = await Promise.all(
    HOMES.map((namespace) => allowed(cluster, resource, { ...query, namespace }, signal)),
  );
  return found.flatMap((items) => items ?? []);
}

/** Objects; undefined where one may not list them. */
async function allowed(
  cluster: Cluster,
  resource: Resource,
  query: ObjectQuery,
  signal: AbortSignal | undefined,
): Promise<readonly KubeObject[] | undefined> {
  try {
    return (await cluster.list(resource, query, signal)).items;
  } catch (error) {
    if (isKtsError(error) && error.code === "KTS_CLUSTER_DENIED" && error.status === 403) return undefined;
    throw error;
  }
}
