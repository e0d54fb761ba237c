import type { KubeObject } from "../../cluster/cluster.ts";
import type { Claim, ClaimUser } from "./claim.ts";

/** Why a helper does not run. */
export interface StartProblem {
  readonly message: string;
  readonly hint: string;
  /** Whether waiting longer cannot help. */
  readonly isFinal: boolean;
}

interface PodStatus {
  readonly phase?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly conditions?: readonly { type: string; status: string; reason?: string; message?: string }[];
  readonly containerStatuses?: readonly {
    readonly state?: {
      readonly waiting?: { readonly reason?: string; readonly message?: string };
      readonly terminated?: {
        readonly exitCode: number;
        readonly reason?: string;
        readonly message?: string;
      };
    };
  }[];
}

/** Reasons that a container waits for and that end only when somebody changes something. */
const IMAGE_REASONS: ReadonlySet<string> = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "InvalidImageName",
  "ErrImageNeverPull",
]);
const CONFIG_REASONS: ReadonlySet<string> = new Set(["CreateContainerConfigError", "CreateContainerError"]);

const IMAGE_HINT =
  "Name an image with a shell that the cluster can pull: KSERVE_TS_HELPER_IMAGE=registry.example.com/busybox:stable.";

/**
 * Why the helper is not running, as the pod, its events and the claim say it; undefined where nothing says so yet.
 * @param users other pods that have the claim
 */
export function whyNotStarted(
  pod: KubeObject,
  events: readonly KubeObject[],
  claim: Claim,
  users: readonly ClaimUser[],
): StartProblem | undefined {
  const status = (pod["status"] ?? {}) as PodStatus;
  return (
    containerProblem(status) ?? schedulingProblem(status, claim, users) ?? volumeProblem(events, claim, users)
  );
}

function containerProblem(status: PodStatus): StartProblem | undefined {
  const { waiting, terminated } = status.containerStatuses?.[0]?.state ?? {};
  const { reason = "", message = "" } = waiting ?? {};
  if (IMAGE_REASONS.has(reason)) {
    return { message: `its image cannot be pulled: ${message || reason}`, hint: IMAGE_HINT, isFinal: true };
  }
  if (CONFIG_REASONS.has(reason)) {
    return { message: `its container cannot be made: ${message || reason}`, hint: IMAGE_HINT, isFinal: true };
  }
  if (terminated !== undefined) {
    const said = terminated.message ?? terminated.reason ?? "";
    const message = `its container ended with exit code ${terminated.exitCode}${said === "" ? "" : `: ${said}`}`;
    return { message, hint: IMAGE_HINT, isFinal: true };
  }
  if (status.phase !== "Failed") return undefined;
  const said = status.message ?? status.reason ?? "the pod failed";
  return { message: said, hint: "Deploy again; a helper lives for a limited time.", isFinal: true };
}

function schedulingProblem(
  status: PodStatus,
  claim: Claim,
  users: readonly ClaimUser[],
): StartProblem | undefined {
  const scheduled = status.conditions?.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status !== "False") return undefined;
  const message = `no node takes it: ${scheduled.message ?? scheduled.reason ?? "unschedulable"}`;
  if (claim.accessModes.includes("ReadWriteOncePod") && users.length > 0) {
    return { message, hint: heldBy(users, "only one pod at a time"), isFinal: false };
  }
  if (/unbound|not found|bind/i.test(message)) return { message, hint: bindHint(claim), isFinal: false };
  return { message, hint: "Make room on a node, or wait for one.", isFinal: false };
}

function volumeProblem(
  events: readonly KubeObject[],
  claim: Claim,
  users: readonly ClaimUser[],
): StartProblem | undefined {
  const failed = events.findLast(
    (event) =>
      event["type"] === "Warning" &&
      /^Failed(Mount|AttachVolume|Binding)|^ProvisioningFailed/.test(textOf(event, "reason")),
  );
  if (failed === undefined) return undefined;
  const message = `its volume is not there: ${textOf(failed, "message")}`;
  if (/multi-attach/i.test(message)) {
    return { message, hint: heldBy(users, "pods of one node at a time (ReadWriteOnce)"), isFinal: false };
  }
  return { message, hint: bindHint(claim), isFinal: false };
}

function bindHint({ namespace, name, phase }: Claim): string {
  const state = phase === "Bound" ? "" : ` It is ${phase}: is there a StorageClass or a volume for it?`;
  return `kubectl -n ${namespace} describe pvc ${name} shows what the volume waits for.${state}`;
}

function heldBy(users: readonly ClaimUser[], whom: string): string {
  const pods = users.map(({ pod, node }) => `${pod} on ${node}`).join(", ");
  const held = pods === "" ? "" : `, and is held by ${pods}`;
  return `The claim serves ${whom}${held}. Stop what holds it, or use a claim of ReadWriteMany.`;
}

function textOf(event: KubeObject, member: string): string {
  const value = event[member];
  return typeof value === "string" ? value : "";
}
