import type { ContainerStatus, Pod } from "../kube-shapes.ts";
import { eventTimeMs } from "../kube-shapes.ts";
import { type Snapshot, eventsOf, statusesOf } from "../snapshot.ts";
import { type Finding, quoted, terminal } from "./finding.ts";

/** Kubelet's reasons of a container that waits for its image in vain. */
const REASONS: ReadonlySet<string> = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "InvalidImageName",
  "ErrImageNeverPull",
  "ImageInspectError",
  "RegistryUnavailable",
  "SignatureValidationFailed",
]);

/** What a registry's words mean. The first that fits counts. */
const MEANINGS: readonly { readonly pattern: RegExp; readonly hint: string }[] = [
  {
    pattern: /no match for platform|no matching manifest|exec format error/i,
    hint: "Build the image for the nodes' platform: kserve-ts build --platform linux/amd64 (or linux/arm64).",
  },
  {
    pattern: /toomanyrequests|429|rate limit/i,
    hint: "The registry limits pulls: log in with imagePullSecrets, or push the image to a registry of your own.",
  },
  {
    pattern: /unauthorized|authentication required|denied|forbidden|401|403|no basic auth credentials/i,
    hint: "Set imagePullSecrets to a Secret that may pull it, or check the image's name: registries answer so for names they do not know.",
  },
  {
    pattern: /not found|404|manifest unknown|name unknown|repository does not exist/i,
    hint: "Check the image's name and tag, and that it was pushed: kserve-ts build --push.",
  },
  {
    pattern: /x509|certificate|server gave HTTP response to HTTPS client/i,
    hint: "The nodes do not trust the registry: add its certificate (or an insecure registry) to the nodes' container runtime.",
  },
  {
    pattern:
      /no such host|network is unreachable|connection refused|i\/o timeout|no route to host|deadline exceeded|EOF|50\d /i,
    hint: "The nodes cannot reach the registry: check its host name as the nodes see it, and their network.",
  },
];

/** An image that cannot be pulled. */
export function imageFinding(snapshot: Snapshot, pod: Pod): Finding | undefined {
  for (const status of statusesOf(pod)) {
    const reason = status.state?.waiting?.reason ?? "";
    if (REASONS.has(reason)) return findingOf(snapshot, pod, status, reason);
  }
  return undefined;
}

function findingOf(snapshot: Snapshot, pod: Pod, status: ContainerStatus, reason: string): Finding {
  const container = status.name;
  const image = imageOf(pod, container) ?? status.image ?? "";
  const where = { pod: pod.metadata.name, container };
  if (reason === "InvalidImageName") {
    const message = `The image's name ${image} of ${container} is not valid.`;
    const hint = "Write it as registry/repository:tag, in lower case, without http://.";
    return terminal({ reason: "image-pull", message, hint, ...where });
  }
  if (reason === "ErrImageNeverPull") {
    const message = `The image ${image} of ${container} is not on the node, and imagePullPolicy is Never.`;
    return terminal({
      reason: "image-pull",
      message,
      hint: "Load it on every node, or allow pulls.",
      ...where,
    });
  }
  const detail = detailOf(snapshot, pod, status);
  const meaning = MEANINGS.find(({ pattern }) => pattern.test(detail));
  const words = detail === "" ? "" : `: ${quoted(detail)}`;
  const cause = {
    reason: "image-pull",
    message: `The image ${image} of ${container} cannot be pulled${words}.`,
    hint: meaning?.hint ?? "Check the image's name, the registry, and imagePullSecrets.",
    ...where,
  } as const;
  // Kubelet tries again in 10 s, and what a registry refused or did not answer it seldom gives then.
  return terminal(cause);
}

/** The registry's words: the container's own message, or the event that tells it, since `Back-off` says nothing. */
function detailOf(snapshot: Snapshot, pod: Pod, { state }: ContainerStatus): string {
  const own = state?.waiting?.message ?? "";
  const error = /(?:ErrImagePull|ImagePullBackOff): (.*)$/s.exec(own)?.[1] ?? own;
  const isBare = /^Back-off pulling image "[^"]*"$/.test(own.trim());
  const told = eventsOf(snapshot, "Pod", pod.metadata.name)
    .filter(({ reason, message = "" }) => reason === "Failed" && message.startsWith("Failed to pull image"))
    .toSorted((a, b) => eventTimeMs(a) - eventTimeMs(b))
    .at(-1)?.message;
  const text = isBare || own === "" ? (told ?? "") : error;
  // The image is named by us; its name again in each of the runtime's layers hides the reason.
  return text
    .replace(/^Failed to pull image "[^"]*": /, "")
    .replace(/^rpc error: code = \w+ desc = /, "")
    .replace(
      /failed to (?:pull and unpack image|resolve (?:reference|image)|do request) ?"?[^":]*(?::[^": ]+)*"?: /g,
      "",
    );
}

function imageOf({ spec }: Pod, container: string): string | undefined {
  const all = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  return all.find(({ name }) => name === container)?.image;
}
