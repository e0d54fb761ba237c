import type { Cluster } from "../../deployer/cluster/cluster.ts";
import { RESOURCES, type Resource } from "../../deployer/cluster/resources.ts";

const VOLUMES: Resource = {
  group: "",
  version: "v1",
  plural: "persistentvolumes",
  kind: "PersistentVolume",
  namespaced: false,
};

/** A PersistentVolumeClaim to be. */
export interface Claim {
  readonly name: string;
  readonly accessMode: "ReadWriteOnce" | "ReadOnlyMany";
  /** The folder of this machine, which is the node's too, that it is of; undefined: it is never bound. */
  readonly path?: string;
}

/** Makes a claim, and its volume, in the cluster's namespace. The volume goes with what is given back. */
export async function makeClaim(
  cluster: Cluster,
  { name, accessMode, path }: Claim,
): Promise<AsyncDisposable> {
  const { namespace } = cluster;
  const volumeName = `${namespace}-${name}`;
  const common = { accessModes: [accessMode], storageClassName: "" };
  if (path !== undefined) {
    await cluster.create(VOLUMES, {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: volumeName } as never,
      spec: { ...common, capacity: { storage: "1Gi" }, claimRef: { namespace, name }, hostPath: { path } },
    });
  }
  await cluster.create(RESOURCES.persistentVolumeClaim, {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name, namespace },
    spec: { ...common, volumeName, resources: { requests: { storage: "1Gi" } } },
  });
  return {
    [Symbol.asyncDispose]: async () => {
      if (path !== undefined) await cluster.delete(VOLUMES, { name: volumeName });
    },
  };
}
