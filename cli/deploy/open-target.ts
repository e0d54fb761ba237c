import type { Cluster } from "../../deployer/cluster/cluster.ts";
import type { KserveFacts } from "../../deployer/cluster/facts.ts";
import type { Environment } from "../verb.ts";
import { type DeploymentCall, type ReadDeployment, readDeployment } from "./read-deployment.ts";

/** A deployment's settings and the cluster they are meant for; the cluster is let go with it. */
export interface OpenTarget extends ReadDeployment, AsyncDisposable {
  readonly cluster: Cluster;
  /** Where the deployment lies. */
  readonly namespace: string;
  /** What is to be known of the cluster's KServe; it is asked once. */
  facts(signal?: AbortSignal): Promise<KserveFacts>;
}

/**
 * Reads what the config file, the environment and the command line say, and opens their cluster. Nothing is asked of it
 * yet. A verb that is given a NAME needs no config file.
 * @throws KtsError KTS_CONFIG_INVALID, KTS_USAGE, KTS_CLUSTER_UNREACHABLE when no kubeconfig or no such context is there
 */
export async function openTarget(call: DeploymentCall): Promise<OpenTarget> {
  const read = await readDeployment(call);
  return openCluster(read, call.options.kubeconfig, call.env);
}

/** Opens the cluster of a deployment that was read. @throws as `openTarget` */
export async function openCluster(
  read: ReadDeployment,
  kubeconfig: string | undefined,
  env: Environment,
): Promise<OpenTarget> {
  const { context, namespace } = read.deployment.target;
  const { connectCluster } = await import("../../deployer/cluster/connect.ts");
  const cluster = await connectCluster({
    env,
    ...(context !== undefined && { context }),
    ...(namespace !== undefined && { namespace }),
    ...(kubeconfig !== undefined && { kubeconfig }),
  });
  let facts: Promise<KserveFacts> | undefined;
  return {
    ...read,
    cluster,
    namespace: cluster.namespace,
    facts(signal) {
      facts ??= import("../../deployer/cluster/read-facts.ts").then(({ readFacts }) =>
        readFacts(cluster, signal),
      );
      return facts;
    },
    [Symbol.asyncDispose]: async () => cluster[Symbol.asyncDispose](),
  };
}
