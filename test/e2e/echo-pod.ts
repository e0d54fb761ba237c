import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "../../deployer/cluster/cluster.ts";
import { RESOURCES } from "../../deployer/cluster/resources.ts";

const READY_TIMEOUT_MS = 60_000;

/** Starts a pod `echo` of the cluster's echo image, with a container `main`, and waits until it is ready. */
export async function startEchoPod(cluster: Cluster, namespace: string): Promise<void> {
  const resources = { requests: { cpu: "10m", memory: "16Mi" } };
  const main = { name: "main", image: "localhost/echo:testbed", imagePullPolicy: "Never", resources };
  await cluster.create(RESOURCES.pod, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "echo", namespace },
    spec: { containers: [main], terminationGracePeriodSeconds: 0 },
  });
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    const pod = await cluster.get(RESOURCES.pod, { name: "echo" });
    const status = pod?.status as { containerStatuses?: { ready: boolean }[] } | undefined;
    if (status?.containerStatuses?.[0]?.ready === true) return;
    if (Date.now() > deadline) throw new Error(`the pod does not start: ${JSON.stringify(status)}`);
    await sleep(200);
  }
}
