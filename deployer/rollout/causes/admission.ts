import { conditionOf } from "../kube-shapes.ts";
import { isUpToDate } from "../observed.ts";
import { type Snapshot, newReplicaSets, observedWorkloads } from "../snapshot.ts";
import { type Finding, passing, quoted, terminal } from "./finding.ts";

/** Milliseconds that a refused pod may still come, once others of the service make room. */
const ROOM_HOLD_MS = 2000;

/** Pods that the API server does not take: a quota is used up, or PodSecurity forbids them. */
export function admissionFinding(snapshot: Snapshot): Finding | undefined {
  const replicaSets = newReplicaSets(snapshot);
  const holders = [...replicaSets, ...observedWorkloads(snapshot).filter(isUpToDate)];
  for (const holder of holders) {
    const condition = conditionOf(holder, "ReplicaFailure");
    if (condition?.status === "True") return refusal(snapshot, condition.message ?? "");
  }
  return undefined;
}

function refusal(snapshot: Snapshot, message: string): Finding {
  // `pods "digits-predictor-7d9c-x2x4z" is forbidden:` names a pod that never was.
  const words = quoted(message.replace(/^pods "[^"]*" is forbidden: /, ""));
  if (/violates PodSecurity/.test(message)) {
    return terminal({
      reason: "pod-security",
      message: `The namespace does not let the pod run: ${words}.`,
      hint: "Set podSecurity: restricted, which kserve-ts build's images take, or use a namespace that allows it.",
    });
  }
  if (/exceeded quota|must specify (limits|requests|cpu|memory)/.test(message)) {
    const short = /must specify/.test(message)
      ? "Set the resources that the quota asks for under resources.requests and resources.limits."
      : "Ask for less under resources, delete what is not needed (kserve-ts list), or have the quota raised.";
    const cause = {
      reason: "quota",
      message: `The namespace's quota is used up: ${words}.`,
      hint: short,
    } as const;
    // An update's own old pods may make room.
    const mayPass = snapshot.pods.some(({ metadata }) => metadata.deletionTimestamp !== undefined);
    return mayPass ? passing(cause, ROOM_HOLD_MS) : terminal(cause);
  }
  if (/error looking up service account|serviceaccount "?[^"]*"? not found/i.test(message)) {
    return passing(
      {
        reason: "container-config",
        message: `The pod's ServiceAccount is missing: ${words}.`,
        hint: "Create it, or correct serviceAccountName.",
      },
      ROOM_HOLD_MS,
    );
  }
  return passing(
    {
      reason: "controller",
      message: `The cluster does not take the pod: ${words}.`,
      hint: "Change what the message names: a policy of the cluster refuses the pod.",
    },
    ROOM_HOLD_MS,
  );
}
