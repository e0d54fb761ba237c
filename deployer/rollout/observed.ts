import type { KubeObject } from "../cluster/cluster.ts";
import type { ComponentSpec, Container, InferenceService, PodTemplate } from "./kube-shapes.ts";
import type { Snapshot, Workload } from "./snapshot.ts";

/**
 * Milliseconds after which a workload that is what was asked for, and has not changed since, counts as seen to: what
 * was asked for may need no other pods.
 */
const SETTLED_MS = 2000;

/** Milliseconds after which any workload counts as seen to: KServe may have written it otherwise than we read it. */
const GIVEN_UP_MS = 10_000;

/** Milliseconds after an InferenceService was made in which a change of it is KServe's finalizer. */
const FINALIZER_MS = 2000;

/** Label of a workload that says which component it is. */
const COMPONENT_LABEL = "component";

/**
 * Whether the controller has made of a workload what the InferenceService now asks for. Its `observedGeneration` does
 * not say so: KServe copies there that of the Deployment, which counts something else. So the workload is compared with
 * what was asked for, and with when it was.
 */
export function isObserved(snapshot: Snapshot, workload: Workload): boolean {
  const { service, watchedMs } = snapshot;
  if (isSettled(snapshot)) return true;
  const component = componentOf(snapshot, workload);
  const reflects = component !== undefined && reflectsSpec(component, workload.spec?.template);
  return reflects && (changedMs(workload) >= changedMs(service) || watchedMs >= SETTLED_MS);
}

/** Whether nothing that is seen can be of an earlier spec: there was none, or it is long past. */
export function isSettled({ service, watchedMs }: Snapshot): boolean {
  return isFirst(service) || watchedMs >= GIVEN_UP_MS;
}

/** Whether an InferenceService is as it was made, so that nothing can be of an earlier one. */
export function isFirst(service: InferenceService): boolean {
  const createdMs = Date.parse(service.metadata.creationTimestamp ?? "") || 0;
  // KServe adds its finalizer at once. Metadata that changes later rolls pods out and counts no generation.
  return (service.metadata.generation ?? 1) <= 1 && changedMs(service) - createdMs < FINALIZER_MS;
}

/** Whether the workload's own controller has seen it as it is now. */
export function isUpToDate({ metadata, status }: Workload): boolean {
  return (status?.observedGeneration ?? 0) >= (metadata.generation ?? 1);
}

/** The component that a workload was made of. */
function componentOf({ service }: Snapshot, workload: Workload): ComponentSpec | undefined {
  const { predictor, transformer, explainer, canary = [] } = service.spec ?? {};
  const which = workload.metadata.labels?.[COMPONENT_LABEL];
  if (which === "transformer") return transformer;
  if (which === "explainer") return explainer;
  const { name } = workload.metadata;
  const prefix = `${service.metadata.name}-`;
  const besides = canary.find((entry) => name === `${prefix}${entry.predictor?.name}-predictor`);
  if (besides !== undefined) return besides.predictor;
  const stable =
    predictor?.name === undefined || predictor.name === ""
      ? `${prefix}predictor`
      : `${prefix}${predictor.name}-predictor`;
  return name === stable || name.startsWith(`${prefix}predictor`) ? predictor : undefined;
}

/** Whether a template has all that a component says of its containers, and the metadata of its pods. */
function reflectsSpec(component: ComponentSpec, template: PodTemplate | undefined): boolean {
  const { metadata = {}, spec = {} } = template ?? {};
  if (!hasAll(component.annotations, metadata.annotations)) return false;
  if (!hasAll(component.labels, metadata.labels)) return false;
  const { model, serviceAccountName } = component;
  if (serviceAccountName !== undefined && serviceAccountName !== spec.serviceAccountName) return false;
  const running = spec.containers ?? [];
  if (model !== undefined) {
    const uri = metadata.annotations?.["internal.serving.kserve.io/storage-initializer-sourceuri"];
    // Not every store has an initializer: a claim is mounted.
    if (uri !== undefined && uri !== model.storageUri) return false;
    return reflectsContainer(model, running[0]);
  }
  return (component.containers ?? []).every((container, position) =>
    reflectsContainer(container, running.find(({ name }) => name === container.name) ?? running[position]),
  );
}

function reflectsContainer(asked: Container, running: Container | undefined): boolean {
  if (running === undefined) return false;
  if (asked.image !== undefined && asked.image !== running.image) return false;
  // A runtime's own arguments stand in front.
  const args = asked.args ?? [];
  const tail = running.args?.slice(-args.length) ?? [];
  if (args.length > 0 && args.some((arg, position) => arg !== tail[position])) return false;
  const env = new Map(running.env?.map(({ name, value }) => [name, value]));
  // KServe replaces the value of STORAGE_URI.
  return (asked.env ?? []).every(
    ({ name, value }) =>
      env.has(name) && (value === undefined || name === "STORAGE_URI" || env.get(name) === value),
  );
}

function hasAll(
  asked: Readonly<Record<string, string>> = {},
  there: Readonly<Record<string, string>> = {},
): boolean {
  return Object.entries(asked).every(([name, value]) => there[name] === value);
}

/** When an object was last changed, other than its status, by its server's clock, in milliseconds since 1970. */
export function changedMs({ metadata }: KubeObject): number {
  const { managedFields = [], creationTimestamp } = metadata as KubeObject["metadata"] & {
    readonly managedFields?: readonly { readonly time?: string; readonly subresource?: string }[];
  };
  const times = managedFields
    .filter(({ subresource }) => subresource === undefined || subresource === "")
    .map(({ time }) => Date.parse(time ?? ""));
  return Math.max(Date.parse(creationTimestamp ?? "") || 0, ...times.filter((time) => !Number.isNaN(time)));
}
