import { conditionOf } from "../kube-shapes.ts";
import { type Snapshot, isKnativeService, observedWorkloads } from "../snapshot.ts";
import { type Finding, quoted, terminal } from "./finding.ts";
import type { FailureCause } from "../progress.ts";

/** A revision that Knative gave up. It tells the reason in its own words. */
export function knativeFinding(snapshot: Snapshot): Finding | undefined {
  for (const workload of observedWorkloads(snapshot).filter(isKnativeService)) {
    const name = workload.status?.latestCreatedRevisionName;
    const revision = snapshot.knativeRevisions.find(({ metadata }) => metadata.name === name);
    const ready = conditionOf(revision, "Ready");
    if (ready?.status === "False")
      return terminal(causeOf(name ?? "", ready.reason ?? "", ready.message ?? ""));
  }
  return undefined;
}

function causeOf(revision: string, reason: string, words: string): FailureCause {
  const says = `${reason === "" ? "" : `${reason}: `}${quoted(words)}`;
  if (/Unable to fetch image|ImagePull|ErrImage/.test(says)) {
    const message = `The image of ${revision} cannot be pulled: ${quoted(words)}.`;
    const hint =
      "Check the image's name, the registry, and imagePullSecrets: Knative resolves it itself, in the cluster.";
    return { reason: "image-pull", message, hint };
  }
  if (/^ExitCode|CrashLoop|failed with message|exit code/i.test(says)) {
    const message = `The container of ${revision} does not stay up: ${says}.`;
    return { reason: "crash-loop", message, hint: "Correct what its last lines say, and deploy again." };
  }
  if (/Unschedulable|Insufficient|nodes are available/.test(says)) {
    const message = `No node takes the pods of ${revision}: ${says}.`;
    return {
      reason: "unschedulable",
      message,
      hint: "Ask for less under resources.requests, or add a node.",
    };
  }
  if (/ProgressDeadlineExceeded|deadline/i.test(says)) {
    const message = `${revision} did not become ready in the time that Knative gives it: ${says}.`;
    return {
      reason: "never-ready",
      message,
      hint: "Look into its log; raise startupTimeoutSeconds if it only needs longer.",
    };
  }
  if (/exceeded quota/.test(says)) {
    return {
      reason: "quota",
      message: `The namespace's quota is used up: ${says}.`,
      hint: "Ask for less under resources, or have the quota raised.",
    };
  }
  return {
    reason: "controller",
    message: `Knative gave ${revision} up: ${says}.`,
    hint: "Change what the message names, and deploy again.",
  };
}
