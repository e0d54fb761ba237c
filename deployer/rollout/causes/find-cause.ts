import { conditionOf } from "../kube-shapes.ts";
import type { Pod } from "../kube-shapes.ts";
import { isUpToDate } from "../observed.ts";
import type { FailureCause } from "../progress.ts";
import { type Snapshot, isReady, newPods, observedWorkloads } from "../snapshot.ts";
import { admissionFinding } from "./admission.ts";
import { containerFinding, probeWords } from "./container.ts";
import { controllerFinding } from "./controller.ts";
import { type Finding, passing, quoted, terminal } from "./finding.ts";
import { imageFinding } from "./image.ts";
import { initializerFinding } from "./initializer.ts";
import { knativeFinding } from "./knative.ts";
import { schedulingFinding } from "./scheduling.ts";
import { sandboxFinding, volumeFinding } from "./volume.ts";

/**
 * What stands against a rollout, the surest first. Pure. Only what is being rolled out counts: the troubles of old pods
 * are not the new ones'.
 */
export function findings(snapshot: Snapshot): readonly Finding[] {
  const pods = newPods(snapshot).filter((pod) => !isReady(pod));
  const found = [
    controllerFinding(snapshot),
    admissionFinding(snapshot),
    ...pods.flatMap((pod) => podFindings(snapshot, pod)),
    knativeFinding(snapshot),
    deadlineFinding(snapshot, pods),
    ...pods.map((pod) => unreadyFinding(snapshot, pod)),
  ].filter((finding) => finding !== undefined);
  return found.toSorted((a, b) => order(a) - order(b));
}

/** The cause of a failure that is beyond hope at once; undefined: there is none, or none yet. */
export function findCause(snapshot: Snapshot): FailureCause | undefined {
  return findings(snapshot).find(({ holdMs }) => holdMs === 0)?.cause;
}

/** What most likely keeps a rollout from becoming ready: what one points to when the time is up. */
export function likelyCause(snapshot: Snapshot): FailureCause | undefined {
  return findings(snapshot)[0]?.cause;
}

function order({ holdMs }: Finding): number {
  return holdMs === Infinity ? Number.MAX_SAFE_INTEGER : holdMs;
}

function podFindings(snapshot: Snapshot, pod: Pod): readonly (Finding | undefined)[] {
  return [
    imageFinding(snapshot, pod),
    initializerFinding(pod),
    containerFinding(snapshot, pod),
    schedulingFinding(snapshot, pod),
    volumeFinding(snapshot, pod),
    sandboxFinding(snapshot, pod),
  ];
}

/** A Deployment that gave up waiting for its pods. */
function deadlineFinding(snapshot: Snapshot, pods: readonly Pod[]): Finding | undefined {
  const late = observedWorkloads(snapshot)
    .filter(isUpToDate)
    .find((workload) => conditionOf(workload, "Progressing")?.reason === "ProgressDeadlineExceeded");
  if (late === undefined) return undefined;
  const [pod] = pods;
  const probe = pod === undefined ? undefined : probeWords(snapshot, pod, "readiness");
  const why = probe ?? quoted(conditionOf(late, "Progressing")?.message ?? "");
  return terminal({
    ...neverReady(pod, why),
    message: `The pods did not become ready in the time that their Deployment gives them: ${why}.`,
  });
}

/** A pod that runs and does not serve. It may still come. */
function unreadyFinding(snapshot: Snapshot, pod: Pod): Finding | undefined {
  const container = pod.status?.containerStatuses?.find(
    ({ ready, state }) => ready !== true && state?.running,
  );
  if (container === undefined) return undefined;
  const probe = probeWords(snapshot, pod, "startup") ?? probeWords(snapshot, pod, "readiness");
  return passing(neverReady(pod, probe ?? "its readiness probe does not pass", container.name));
}

function neverReady(pod: Pod | undefined, why: string, container = "kserve-container"): FailureCause {
  return {
    reason: "never-ready",
    message: `The container ${container} runs and is not ready: ${why}.`,
    hint: "Look into its log: does the model load, and does the server listen on the port that the probe asks?",
    ...(pod !== undefined && { pod: pod.metadata.name, container }),
  };
}
