import { KtsError, isKtsError } from "../../contract/errors.ts";
import { OWN_LABELS } from "../manifests/access.ts";
import type { Manifest } from "../manifests/manifest.ts";
import { revealSecrets } from "../manifests/print.ts";
import { checkUpdate } from "../manifests/update.ts";
import type { Applied, Cluster, KubeObject } from "../cluster/cluster.ts";
import { RESOURCES, type Resource } from "../cluster/resources.ts";
import { ownerReference, withOwner } from "./owner.ts";
import { keepLive } from "./last-good.ts";
import { isSame } from "./same.ts";
import { STOP_ANNOTATION } from "./service/service-facts.ts";
import { startsAgain, withoutStop } from "./service/starts-again.ts";

/** What an apply did with an object. */
export interface AppliedObject {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly action: "created" | "configured" | "unchanged";
}

/** How manifests are applied. */
export interface ApplyManifestsOptions {
  /** Ask the server what it would do, and change nothing. Default false. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

/** What was applied. */
export interface ApplyReport {
  /** In the order of applying. */
  readonly objects: readonly AppliedObject[];
  /** The InferenceService or InferenceGraph as the server has it now; undefined where there was none among them. */
  readonly service: KubeObject | undefined;
  /** Whether nothing was changed at all. */
  readonly unchanged: boolean;
  /** What the server warned of, in its words, each once. */
  readonly warnings: readonly string[];
}

/** What is made of a manifest, once the server was asked. */
interface Step {
  readonly resource: Resource;
  readonly manifest: Manifest;
  readonly action: AppliedObject["action"];
  readonly live: KubeObject | undefined;
  readonly asked: Applied;
}

/**
 * Applies manifests: Secrets and ServiceAccounts before what reads them. The server is asked about all of them first, by
 * a dry run that its webhooks take part in, so that one it refuses leaves everything as it is, and one that would change
 * nothing is not touched. Nothing is ever deleted. An InferenceService that was stopped is started again with it.
 *
 * What is made beside an InferenceService (Secrets, the ServiceAccount, the record of specs) has it as its owner, so
 * that Kubernetes deletes it with the InferenceService: deleting that one object is enough.
 * @throws KtsError KTS_DEPLOY_INVALID when the running InferenceService cannot become this one, or an object of the
 *   same name is somebody else's; KTS_CLUSTER_REFUSED, KTS_CLUSTER_DENIED and the like as the server answers. What was
 *   changed before an error is named in it
 */
export async function applyManifests(
  cluster: Cluster,
  manifests: readonly Manifest[],
  options: ApplyManifestsOptions = {},
): Promise<ApplyReport> {
  const { dryRun = false, signal } = options;
  const ordered = revealSecrets(manifests).toSorted((a, b) => rank(a) - rank(b));
  const main = ordered.find((manifest) => MAIN_KINDS.has(manifest.kind));
  const live = main === undefined ? undefined : await liveOf(cluster, main, signal);
  if (main?.kind === "InferenceService" && live !== undefined) checkLive(main, live);
  const owned = ordered.map((manifest) => (isOwned(manifest) ? withOwner(manifest, live) : manifest));
  const steps = await Promise.all(
    owned.map((manifest) => ask(cluster, manifest, manifest === main ? { live } : undefined, signal)),
  );
  const warnings = [...new Set(steps.flatMap(({ asked }) => asked.warnings))];
  const objects = steps.map(({ manifest, action }) => named(manifest, action));
  const unchanged = steps.every(({ action }) => action === "unchanged");
  const mainStep = steps.find(({ manifest }) => manifest === main);
  if (dryRun || unchanged) {
    const service = unchanged ? live : mainStep?.asked.object;
    return { objects, service, unchanged, warnings };
  }
  if (live !== undefined && mainStep?.action === "configured") await keepLive(cluster, live, signal);
  const service = await carryOut(cluster, steps, main, live, signal);
  return { objects, service, unchanged, warnings };
}

/** Applies what differs, in order; then what came first gets the owner that came last. */
async function carryOut(
  cluster: Cluster,
  steps: readonly Step[],
  main: Manifest | undefined,
  live: KubeObject | undefined,
  signal: AbortSignal | undefined,
): Promise<KubeObject | undefined> {
  const done: AppliedObject[] = [];
  let service = live;
  for (const { resource, manifest, action } of steps) {
    if (action === "unchanged") continue;
    const { object } = await cluster
      .apply(resource, manifest, signal && { signal })
      .catch((error: unknown) => {
        throw afterChanges(error, done);
      });
    done.push(named(manifest, action));
    if (manifest !== main) continue;
    service = startsAgain(manifest, live)
      ? await start(cluster, object, signal).catch((error: unknown) => {
          throw afterChanges(error, done);
        })
      : object;
  }
  if (service === undefined || live !== undefined) return service;
  for (const { resource, manifest } of steps) {
    if (!isOwned(manifest)) continue;
    const change = { metadata: { ownerReferences: [ownerReference(service)] } };
    // Applied again, not patched: the next apply names the owner too, and finds it ours.
    const withIt: Manifest = { ...manifest, metadata: { ...manifest.metadata, ...change.metadata } };
    await cluster.apply(resource, withIt, signal && { signal }).catch((error: unknown) => {
      throw afterChanges(error, done);
    });
  }
  return service;
}

/** Not by the apply itself: the annotation is whose who stopped it. */
function start(
  cluster: Cluster,
  { metadata }: KubeObject,
  signal: AbortSignal | undefined,
): Promise<KubeObject> {
  const change = { metadata: { annotations: { [STOP_ANNOTATION]: null } } };
  return cluster.patch(RESOURCES.inferenceService, metadata, change, signal);
}

/** Asks the server what applying a manifest would do. */
async function ask(
  cluster: Cluster,
  manifest: Manifest,
  known: { readonly live: KubeObject | undefined } | undefined,
  signal: AbortSignal | undefined,
): Promise<Step> {
  const resource = resourceOf(manifest);
  const options = { dryRun: true, ...(signal !== undefined && { signal }) };
  const [live, applied] = await Promise.all([
    known === undefined ? liveOf(cluster, manifest, signal) : known.live,
    cluster.apply(resource, manifest, options),
  ]);
  const asked = startsAgain(manifest, live) ? { ...applied, object: withoutStop(applied.object) } : applied;
  if (live !== undefined && isOwned(manifest)) checkOurs(live);
  const action = live === undefined ? "created" : isSame(live, asked.object) ? "unchanged" : "configured";
  return { resource, manifest, action, live, asked };
}

function liveOf(
  cluster: Cluster,
  manifest: Manifest,
  signal: AbortSignal | undefined,
): Promise<KubeObject | undefined> {
  const { name, namespace } = manifest.metadata;
  return cluster.get(resourceOf(manifest), { name, namespace }, signal);
}

/** The resource of a manifest's kind. */
export function resourceOf({ apiVersion, kind }: Manifest): Resource {
  const [version = "", group = ""] = apiVersion.split("/").toReversed();
  const found = Object.values(RESOURCES).find(
    (resource) => resource.kind === kind && resource.group === group && resource.version === version,
  );
  if (found === undefined)
    throw new KtsError("KTS_INTERNAL", `no resource is known of ${apiVersion} ${kind}`);
  return found;
}

/** Kinds that stand for a deployment. */
const MAIN_KINDS: ReadonlySet<string> = new Set(["InferenceService", "InferenceGraph"]);

const OWNED_KINDS: ReadonlySet<string> = new Set(["Secret", "ServiceAccount", "ConfigMap"]);

/** Whether an object is made for a deployment, and goes with it. */
function isOwned({ kind }: Manifest): boolean {
  return OWNED_KINDS.has(kind);
}

function rank({ kind }: Manifest): number {
  const order = ["Secret", "ConfigMap", "ServiceAccount", "PersistentVolumeClaim"];
  if (MAIN_KINDS.has(kind)) return kind === "InferenceService" ? 11 : 12;
  return order.includes(kind) ? order.indexOf(kind) : 10;
}

function named({ kind, metadata }: Manifest, action: AppliedObject["action"]): AppliedObject {
  return { kind, name: metadata.name, namespace: metadata.namespace, action };
}

function checkLive(manifest: Manifest, live: KubeObject): void {
  if (live.metadata.deletionTimestamp !== undefined) {
    const message = `${live.metadata.name} is being deleted in namespace ${live.metadata.namespace}`;
    throw new KtsError("KTS_DEPLOY_INVALID", message, { hint: "Wait until it is gone, then deploy again." });
  }
  const { predictor = {} } = (live["spec"] ?? {}) as { readonly predictor?: Manifest };
  const { deploymentMode } = (live["status"] ?? {}) as { readonly deploymentMode?: string };
  checkUpdate(manifest, { predictor, ...(deploymentMode !== undefined && { deploymentMode }) });
}

/** A Secret of the same name may be somebody's, who would miss what was in it. */
function checkOurs({ kind, metadata }: KubeObject): void {
  const [label = "", ours] = Object.entries(OWN_LABELS)[0] ?? [];
  if (metadata.labels?.[label] === ours) return;
  const message = `the ${kind} ${metadata.name} in namespace ${metadata.namespace} is there already, and not made by kserve-ts`;
  throw new KtsError("KTS_DEPLOY_INVALID", message, {
    hint: `Delete or rename it, deploy under another name, or label it ${label}=${ours} to hand it over.`,
  });
}

/** An error with what had been changed before it. */
function afterChanges(error: unknown, done: readonly AppliedObject[]): unknown {
  if (!isKtsError(error) || done.length === 0) return error;
  const changes = done.map(({ kind, name, action }) => `${kind} ${name} ${action}`).join(", ");
  return new KtsError(error.code, `${error.message} Before that: ${changes}.`, {
    cause: error,
    hint: "Correct it and deploy again: what was changed is then found unchanged.",
  });
}
