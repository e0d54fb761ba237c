import { KtsError } from "../../../contract/errors.ts";
import type { Cluster, KubeObject } from "../../cluster/cluster.ts";
import { RESOURCES } from "../../cluster/resources.ts";
import { hasEnded } from "./pod.ts";

/** What matters of a claim. */
export interface Claim {
  readonly namespace: string;
  readonly name: string;
  readonly accessModes: readonly string[];
  /** `Bound`, `Pending`, `Lost`. */
  readonly phase: string;
}

/**
 * The claim that models are written to.
 * @throws KtsError KTS_STORE_NOT_FOUND when there is none or its volume is lost, KTS_STORE_DENIED when it can only be
 *   read
 */
export async function findClaim(
  cluster: Cluster,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<Claim> {
  const resource = RESOURCES.persistentVolumeClaim;
  const object = await cluster.get(resource, { namespace, name }, signal);
  if (object === undefined) {
    const { items } = await cluster.list(resource, { namespace });
    const names = items.map(({ metadata }) => metadata.name).join(", ");
    const there = names === "" ? "there are none" : `there are ${names}`;
    throw new KtsError("KTS_STORE_NOT_FOUND", `pvc://${name}: no claim "${name}" in ${namespace}; ${there}`, {
      hint: "Create the PersistentVolumeClaim in the namespace of the deployment, or name another store.",
    });
  }
  const { status = {}, spec = {} } = object as {
    status?: { accessModes?: string[]; phase?: string };
    spec?: { accessModes?: string[] };
  };
  const accessModes = status.accessModes ?? spec.accessModes ?? [];
  const phase = status.phase ?? "Pending";
  if (phase === "Lost") {
    throw new KtsError("KTS_STORE_NOT_FOUND", `pvc://${name}: the claim's volume is lost`, {
      hint: `kubectl -n ${namespace} describe pvc ${name} shows which; bind the claim to another volume.`,
    });
  }
  if (accessModes.length > 0 && accessModes.every((mode) => mode === "ReadOnlyMany")) {
    throw new KtsError("KTS_STORE_DENIED", `pvc://${name}: the claim can only be read (ReadOnlyMany)`, {
      hint: "Upload to a claim of ReadWriteMany or ReadWriteOnce, or use what lies there by its URI.",
    });
  }
  return { namespace, name, accessModes, phase };
}

/** Pods that use a claim now, and that have a node. */
export async function usersOf(cluster: Cluster, claim: Claim): Promise<readonly ClaimUser[]> {
  const { items } = await cluster.list(RESOURCES.pod, { namespace: claim.namespace });
  return items
    .filter((pod) => !hasEnded(pod) && mounts(pod, claim.name))
    .map((pod) => ({ pod: pod.metadata.name, node: (pod["spec"] as { nodeName?: string }).nodeName ?? "" }))
    .filter(({ node }) => node !== "");
}

/** A pod that uses a claim. */
export interface ClaimUser {
  readonly pod: string;
  readonly node: string;
}

/** Whether only pods of one node can have the claim at a time. */
export function isOfOneNode({ accessModes }: Claim): boolean {
  return accessModes.every((mode) => mode === "ReadWriteOnce" || mode === "ReadWriteOncePod");
}

function mounts(pod: KubeObject, claim: string): boolean {
  const { volumes = [] } = pod["spec"] as {
    volumes?: { persistentVolumeClaim?: { claimName?: string } }[];
  };
  return volumes.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === claim);
}
