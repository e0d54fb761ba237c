import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster, KubeObject } from "../../deployer/cluster/cluster.ts";
import { RESOURCES } from "../../deployer/cluster/resources.ts";
import type { Members } from "../../deployer/manifests/manifest.ts";

/** The image of a small server that answers V1 with what it was sent; it is in every test cluster. */
const ECHO = "localhost/echo:testbed";

/** A component that runs it. */
export function echo(args: readonly string[] = [], image = ECHO): Members {
  const resources = { requests: { cpu: "20m", memory: "64Mi" }, limits: { cpu: "1", memory: "512Mi" } };
  return { containers: [{ name: "kserve-container", image, args, resources }] };
}

/** Makes a service, and waits until a condition of it is true, where one is named. */
export async function applyService(
  cluster: Cluster,
  name: string,
  spec: Members,
  condition?: string,
): Promise<void> {
  const { namespace } = cluster;
  await cluster.apply(RESOURCES.inferenceService, {
    apiVersion: "serving.kserve.io/v1beta1",
    kind: "InferenceService",
    metadata: { name, namespace },
    spec,
  });
  while (condition !== undefined) {
    const object = await cluster.get(RESOURCES.inferenceService, { name });
    if (object !== undefined && hasCondition(object, condition)) return;
    await sleep(200);
  }
}

function hasCondition(object: KubeObject, wanted: string): boolean {
  const { conditions = [] } = (object["status"] ?? {}) as {
    conditions?: { type: string; status: string }[];
  };
  return conditions.some(({ type, status }) => type === wanted && status === "True");
}
