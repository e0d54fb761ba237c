import { readFile } from "node:fs/promises";
import { request } from "node:https";
import { parse } from "yaml";
import type { Cluster } from "../../deployer/cluster/cluster.ts";
import { RESOURCES } from "../../deployer/cluster/resources.ts";

/** A revision that Knative's controllers would have made. */
export interface PlayedRevision {
  /** Name of the service: an InferenceService's component. */
  readonly service: string;
  readonly revision: string;
  /** An earlier revision that keeps what is left of the traffic. */
  readonly previous?: { readonly revision: string; readonly percent: number };
  /** Why the revision does not come up. Default: it does. */
  readonly failure?: { readonly reason: string; readonly message: string };
}

/**
 * Plays Knative on a cluster that has its kinds alone: makes the revision of a service, and writes the status that
 * Knative's controllers would write.
 */
export async function playKnative(
  cluster: Cluster,
  kubeconfig: string,
  { service, revision, previous, failure }: PlayedRevision,
): Promise<void> {
  const { namespace } = cluster;
  const object = await cluster.get(RESOURCES.knativeService, { namespace, name: service });
  if (object === undefined) throw new Error(`there is no Knative service ${service}`);
  const { template } = object["spec"] as { template: { spec: object } };
  const labels = {
    "serving.knative.dev/service": service,
    "serving.knative.dev/configuration": service,
    "serving.kserve.io/inferenceservice": service.replace(/-predictor$/, ""),
  };
  const there = await cluster.get(RESOURCES.knativeRevision, { namespace, name: revision });
  if (there === undefined) {
    await cluster.create(RESOURCES.knativeRevision, {
      apiVersion: "serving.knative.dev/v1",
      kind: "Revision",
      metadata: { name: revision, namespace, labels },
      spec: template.spec,
    });
  }
  const status = failure === undefined ? "True" : "False";
  const condition = (type: string): object => ({
    type,
    status,
    lastTransitionTime: new Date().toISOString().replace(/\.\d+Z/, "Z"),
    ...failure,
  });
  const patch = patcher(kubeconfig);
  await patch(`${RESOURCES.knativeRevision.plural}/${revision}`, namespace, {
    observedGeneration: 1,
    conditions: [condition("ContainerHealthy"), condition("ResourcesAvailable"), condition("Ready")],
  });
  const url = `http://${service}.${namespace}.example.com`;
  const latest = { latestRevision: true, percent: 100 - (previous?.percent ?? 0), revisionName: revision };
  const earlier = previous && {
    revisionName: previous.revision,
    percent: previous.percent,
    tag: "prev",
    url: url.replace("//", "//prev-"),
  };
  await patch(`${RESOURCES.knativeService.plural}/${service}`, namespace, {
    observedGeneration: object.metadata.generation,
    conditions: ["ConfigurationsReady", "RoutesReady", "Ready"].map(condition),
    latestCreatedRevisionName: revision,
    ...(failure === undefined && { latestReadyRevisionName: revision }),
    url,
    address: { url: `http://${service}.${namespace}.svc.cluster.local` },
    traffic: earlier === undefined ? [latest] : [latest, earlier],
  });
}

/** Writes statuses, which no deployer does. */
function patcher(kubeconfig: string) {
  return async (path: string, namespace: string, status: object): Promise<void> => {
    const config = parse(await readFile(kubeconfig, "utf8")) as {
      clusters: { cluster: Record<string, string> }[];
      users: { user: Record<string, string> }[];
    };
    const cluster = config.clusters[0]?.cluster ?? {};
    const user = config.users[0]?.user ?? {};
    const bytes = (text = ""): Buffer => Buffer.from(text, "base64");
    await new Promise<void>((resolve, reject) => {
      const call = request(
        `${cluster["server"]}/apis/serving.knative.dev/v1/namespaces/${namespace}/${path}/status`,
        {
          method: "PATCH",
          headers: { "content-type": "application/merge-patch+json" },
          ca: bytes(cluster["certificate-authority-data"]),
          cert: bytes(user["client-certificate-data"]),
          key: bytes(user["client-key-data"]),
        },
        (answer) => {
          let text = "";
          answer.setEncoding("utf8").on("data", (part: string) => (text += part));
          answer.on("end", () =>
            answer.statusCode === 200
              ? resolve()
              : reject(new Error(`${path}: ${answer.statusCode} ${text}`)),
          );
        },
      );
      call.on("error", reject).end(JSON.stringify({ status }));
    });
  };
}
