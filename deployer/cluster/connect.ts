import type { Agent } from "node:http";
import type { Cluster } from "./cluster.ts";
import { Credentials } from "./credentials.ts";
import { KubeCluster } from "./kube-cluster.ts";
import { type ContextChoice, pickContext } from "./pick-context.ts";
import { proxyOf } from "./proxy.ts";
import { serverTrust } from "./tls.ts";
import { Transport } from "./transport.ts";

/** Which cluster, as whom. */
export interface ConnectOptions extends ContextChoice {
  readonly signal?: AbortSignal;
}

/**
 * The cluster of a context. The kubeconfig is read at once; the server is asked by the first call, and so are exec
 * plugins. Dispose of it to close its connections.
 * @throws KtsError KTS_CLUSTER_UNREACHABLE when there is no such context, or no kubeconfig where this is no pod
 */
export async function connectCluster(options: ConnectOptions): Promise<Cluster> {
  options.signal?.throwIfAborted();
  const context = await pickContext(options);
  const where = { context: context.name, server: context.server };
  const proxy = proxyOf(context, options.env);
  const transport = new Transport(
    where,
    new Credentials(context, options.env),
    await serverTrust(context),
    proxy && (await agentOf(proxy, context.server)),
  );
  return new KubeCluster(transport, context.namespace);
}

async function agentOf(proxy: URL, server: string): Promise<Agent> {
  const { proxyAgent } = await import("./proxy-agent.ts");
  return proxyAgent(proxy, server.startsWith("https:"));
}
