import type { Cluster, KubeObject } from "../cluster/cluster.ts";
import { RESOURCES, type Resource } from "../cluster/resources.ts";
import { recordName } from "./last-good.ts";
import { type ServiceName, findService } from "./service/find-service.ts";
import { listOf, textOf } from "../members.ts";
import { SERVICE_LABEL, isOurs } from "./service/service-facts.ts";
import { type WaitOptions, untilLetGo, untilObjects } from "./service/until-objects.ts";

/** How a deletion is done. */
export interface DeleteOptions extends WaitOptions {
  /** Whether to wait until it and its pods are gone. Default true. */
  readonly wait?: boolean;
}

/** An object that was deleted, or kept. */
export interface OwnObject {
  readonly kind: string;
  readonly name: string;
}

/** What a deletion did. */
export interface Deleted {
  readonly name: string;
  readonly namespace: string;
  readonly deleted: readonly OwnObject[];
  /** What was made for it and stays, since something else uses it too: with what that is. */
  readonly kept: readonly (OwnObject & { readonly usedBy: string })[];
  /** Whether all of it is gone. */
  readonly gone: boolean;
}

/** Kinds of stores that have a Secret of their own, by the end of its name. */
const SECRET_KINDS = ["s3", "gcs", "azure", "hf"] as const;

/**
 * Deletes an InferenceService, and what kserve-ts made for it: Secrets, the ServiceAccount, the record of good specs. What others made stays,
 * and what another InferenceService uses.
 * @throws KtsError KTS_SERVICE_NOT_FOUND, KTS_ROLLOUT_TIMEOUT
 */
export async function deleteService(
  cluster: Cluster,
  target: ServiceName,
  options: DeleteOptions,
): Promise<Deleted> {
  const { wait = true, signal } = options;
  const service = await findService(cluster, target, signal);
  const { name, namespace } = service.metadata;
  // Read before the InferenceService goes: afterwards nobody could tell what was its own.
  const belongings = isOurs(service) ? await belongingsOf(cluster, service, signal) : [];
  const podQuery = { namespace, labels: `${SERVICE_LABEL}=${name}` };
  const pods = wait ? (await cluster.list(RESOURCES.pod, podQuery, signal)).items : [];
  for (const { resource, object } of belongings.filter(({ usedBy }) => usedBy !== undefined)) {
    // Kubernetes would delete it with its owner.
    await cluster.patch(resource, object.metadata, { metadata: { ownerReferences: null } }, signal);
  }
  await cluster.delete(RESOURCES.inferenceService, service.metadata, signal);
  const deleted: OwnObject[] = [{ kind: "InferenceService", name }];
  const kept: (OwnObject & { readonly usedBy: string })[] = [];
  for (const { resource, object, usedBy } of belongings) {
    const own = { kind: resource.kind, name: object.metadata.name };
    if (usedBy !== undefined) kept.push({ ...own, usedBy });
    else if (await cluster.delete(resource, object.metadata, signal)) deleted.push(own);
  }
  if (wait) await untilGone(cluster, service, pods, options);
  return { name, namespace, deleted, kept, gone: wait };
}

interface Belonging {
  readonly resource: Resource;
  readonly object: KubeObject;
  /** What else uses it. */
  readonly usedBy?: string;
}

async function belongingsOf(
  cluster: Cluster,
  { metadata: { name, namespace } }: KubeObject,
  signal?: AbortSignal,
): Promise<readonly Belonging[]> {
  const account = `${name}-storage`;
  const names = [
    [RESOURCES.configMap, recordName(name)] as const,
    ...SECRET_KINDS.map((kind) => [RESOURCES.secret, `${account}-${kind}`] as const),
    [RESOURCES.serviceAccount, account] as const,
  ];
  const [services, accounts, ...found] = await Promise.all([
    cluster.list(RESOURCES.inferenceService, { namespace }, signal),
    cluster.list(RESOURCES.serviceAccount, { namespace }, signal),
    ...names.map(async ([resource, objectName]) => ({
      resource,
      object: await cluster.get(resource, { namespace, name: objectName }, signal),
    })),
  ]);
  const others = services.items.filter((other) => other.metadata.name !== name);
  const accountUser = others.find((other) => mentions(other["spec"], account));
  return found.flatMap(({ resource, object }) => {
    if (object === undefined || !isOurs(object)) return [];
    const usedBy =
      accountUser === undefined
        ? secretUser(object.metadata.name, account, others, accounts.items)
        : `InferenceService ${accountUser.metadata.name}`;
    return [{ resource, object, ...(usedBy !== undefined && { usedBy }) }];
  });
}

/** What else names a Secret: an InferenceService by its annotation, or another ServiceAccount. */
function secretUser(
  secret: string,
  ownAccount: string,
  services: readonly KubeObject[],
  accounts: readonly KubeObject[],
): string | undefined {
  const annotated = services.find(({ metadata }) =>
    Object.values(metadata.annotations ?? {}).includes(secret),
  );
  const listing = accounts.find(
    (account) =>
      account.metadata.name !== ownAccount &&
      listOf(account["secrets"]).some((entry) => textOf(entry["name"]) === secret),
  );
  if (annotated !== undefined) return `InferenceService ${annotated.metadata.name}`;
  return listing === undefined ? undefined : `ServiceAccount ${listing.metadata.name}`;
}

/** Whether a specification has a ServiceAccount's name anywhere. */
function mentions(value: unknown, account: string): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(
    ([key, member]) => (key === "serviceAccountName" && member === account) || mentions(member, account),
  );
}

async function untilGone(
  cluster: Cluster,
  service: KubeObject,
  pods: readonly KubeObject[],
  options: WaitOptions,
): Promise<void> {
  await untilLetGo(cluster, RESOURCES.inferenceService, service, options);
  const { name, namespace } = service.metadata;
  const old = new Set(pods.map((pod) => pod.metadata.uid));
  const query = { namespace, labels: `${SERVICE_LABEL}=${name}` };
  await untilObjects(cluster, RESOURCES.pod, query, (found) => leftPods(found, old), options);
}

function leftPods(pods: readonly KubeObject[], old: ReadonlySet<string | undefined>): string | undefined {
  const left = pods.filter(({ metadata }) => old.has(metadata.uid));
  return left.length === 0 ? undefined : `${left.map((pod) => pod.metadata.name).join(", ")} to end`;
}
