import { conditionOf, eventCount, eventTimeMs } from "../kube-shapes.ts";
import type { ComponentSpec, KubeEvent } from "../kube-shapes.ts";
import { changedMs, isFirst } from "../observed.ts";
import { type Snapshot, eventsOf } from "../snapshot.ts";
import { type Finding, passing, quoted, terminal } from "./finding.ts";

/** KServe tries again at once and ever more slowly: an error that came so often does not pass by itself. */
const OFTEN = 4;

/** Milliseconds that an error of the controller may last. */
const HOLD_MS = 1000;

/** Milliseconds after which a status is taken to be of the newest spec, where no event tells its time. */
const STATUS_HOLD_MS = 2500;

/**
 * What KServe's controller says against an InferenceService. Its conditions stay `Unknown` then: the events and the
 * model's status have the reason.
 */
export function controllerFinding(snapshot: Snapshot): Finding | undefined {
  const { service } = snapshot;
  if (service.metadata.annotations?.[STOP] === "true") {
    const message = `${service.metadata.name} is stopped, so no pod of it is started.`;
    return terminal({
      reason: "controller",
      message,
      hint: `kserve-ts start ${service.metadata.name} starts it.`,
    });
  }
  const events = eventsOf(snapshot, "InferenceService", service.metadata.name).toSorted(
    (a, b) => eventTimeMs(b) - eventTimeMs(a),
  );
  for (const event of events) {
    const finding = eventFinding(snapshot, event);
    if (finding !== undefined) return finding;
  }
  return statusFinding(snapshot);
}

function eventFinding(snapshot: Snapshot, event: KubeEvent): Finding | undefined {
  const message = event.message ?? "";
  const { uid } = snapshot.service.metadata;
  // An earlier InferenceService of the same name left events behind.
  if (uid !== undefined && event.involvedObject?.uid !== undefined && event.involvedObject.uid !== uid)
    return undefined;
  if (event.reason === "ServerlessModeRejected") {
    return terminal({
      reason: "controller",
      message: `KServe cannot run it in Knative mode: ${quoted(message)}.`,
      hint: "Set deploymentMode: Standard, or install Knative Serving.",
    });
  }
  if (event.reason !== "InternalError" || isPassing(message) || !isOfSpec(snapshot, event)) return undefined;
  const known = knownProblem(snapshot, message);
  if (known !== undefined) return isOfThisSpec(snapshot, message) ? known : undefined;
  const cause = {
    reason: "controller",
    message: `KServe's controller cannot make it: ${quoted(message)}.`,
    hint: "Change what the message names, and deploy again.",
  } as const;
  return eventCount(event) >= OFTEN && !isReadySince(snapshot, event)
    ? passing(cause, HOLD_MS)
    : passing(cause);
}

/** Two writers met, or something is not there yet: the controller tries again. */
function isPassing(message: string): boolean {
  return /the object has been modified|context (deadline exceeded|canceled)|connection refused|already exists/.test(
    message,
  );
}

/** Whether an event was after what is asked for now was asked for. */
function isOfSpec(snapshot: Snapshot, event: KubeEvent): boolean {
  return isFirst(snapshot.service) || eventTimeMs(event) >= changedMs(snapshot.service);
}

/** Times are whole seconds: an event of the same second counts if it names what is asked for now. */
function isOfThisSpec({ service }: Snapshot, message: string): boolean {
  const models = predictorsOf({ service }).map(({ model }) => model);
  const names = models.flatMap((model) => [model?.runtime, model?.modelFormat?.name, model?.storageUri]);
  return (
    isFirst(service) || names.some((name) => name !== undefined && name !== "" && message.includes(name))
  );
}

function isReadySince({ service }: Snapshot, event: KubeEvent): boolean {
  const ready = conditionOf(service, "Ready");
  return ready?.status === "True" && Date.parse(ready.lastTransitionTime ?? "") > eventTimeMs(event);
}

function knownProblem(snapshot: Snapshot, message: string): Finding | undefined {
  if (/no runtime found to support/i.test(message)) {
    return terminal(noRuntime(snapshot, /model type: \{(\S+) /.exec(message)?.[1]));
  }
  const unknown = /No ServingRuntimes or ClusterServingRuntimes with the name: (\S+)/.exec(message)?.[1];
  if (unknown !== undefined) return terminal(unknownRuntime(unknown));
  if (/does not support specified framework|runtime is disabled|is disabled/.test(message)) {
    return terminal({
      reason: "no-runtime",
      message: `The runtime does not serve the model: ${quoted(message)}.`,
      hint: "Name a runtime that does under model.runtime, or leave it out and KServe chooses.",
    });
  }
  const uri = /StorageUri \[([^\]]*)\] is not supported/.exec(message)?.[1];
  if (uri !== undefined) {
    const allowed = /must be\s+one of: \[([^\]]*)\]/.exec(message)?.[1];
    return terminal({
      reason: "unsupported-uri",
      message: `KServe cannot fetch a model from ${uri}.`,
      hint: `Use one of ${allowed ?? "gs://, s3://, pvc://, https://, hf://"}, or a URL of Azure Blob Storage.`,
    });
  }
  return undefined;
}

/** The same by the model's status, for who may not read events. */
function statusFinding(snapshot: Snapshot): Finding | undefined {
  const { service } = snapshot;
  const { transitionStatus, lastFailureInfo } = service.status?.modelStatus ?? {};
  if (transitionStatus !== "InvalidSpec") return undefined;
  const runtime = service.spec?.predictor?.model?.runtime;
  const words = quoted(lastFailureInfo?.message ?? "");
  const causes = {
    NoSupportingRuntime: () => noRuntime(snapshot, undefined),
    RuntimeNotRecognized: () => unknownRuntime(runtime ?? ""),
    RuntimeDisabled: () =>
      ({
        reason: "no-runtime",
        message: `The runtime ${runtime ?? ""} is disabled.`,
        hint: "Name another under model.runtime, or leave it out and KServe chooses.",
      }) as const,
  } as const;
  const reason = lastFailureInfo?.reason ?? "";
  const cause =
    reason in causes
      ? causes[reason as keyof typeof causes]()
      : ({
          reason: "controller",
          message: `KServe does not take the spec: ${reason} ${words}.`,
          hint: "Change what the message names, and deploy again.",
        } as const);
  return passing(cause, isFirst(service) ? 0 : STATUS_HOLD_MS);
}

function noRuntime({ service }: Snapshot, told: string | undefined): Finding["cause"] {
  const model = service.spec?.predictor?.model;
  const format = told ?? model?.modelFormat?.name ?? "";
  const version = model?.modelFormat?.version === undefined ? "" : ` ${model.modelFormat.version}`;
  const protocol = model?.protocolVersion === undefined ? "" : ` over protocol ${model.protocolVersion}`;
  return {
    reason: "no-runtime",
    message: `No runtime of the cluster serves the format ${format}${version}${protocol}.`,
    hint: "Correct model.format (and protocolVersion), or install a ServingRuntime for it.",
  };
}

function unknownRuntime(name: string): Finding["cause"] {
  return {
    reason: "unknown-runtime",
    message: `There is no runtime ${name} in the namespace or the cluster.`,
    hint: "Correct model.runtime, or leave it out and KServe chooses.",
  };
}

function predictorsOf({ service }: Pick<Snapshot, "service">): readonly ComponentSpec[] {
  const { predictor, canary = [] } = service.spec ?? {};
  return [predictor, ...canary.map((entry) => entry.predictor)].filter(
    (component) => component !== undefined,
  );
}

const STOP = "serving.kserve.io/stop";
