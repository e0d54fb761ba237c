import type { Container, ContainerStatus, Pod, Terminated } from "../kube-shapes.ts";
import { type Snapshot, eventsOf } from "../snapshot.ts";
import { type Finding, passing, quoted, terminal } from "./finding.ts";

/** Milliseconds that a container runtime's own trouble may last. */
const RUNTIME_HOLD_MS = 2000;

const SIGNALS: Readonly<Record<number, string>> = {
  4: "SIGILL",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  15: "SIGTERM",
};

/** A container that cannot be started, or does not stay up. */
export function containerFinding(snapshot: Snapshot, pod: Pod): Finding | undefined {
  for (const status of pod.status?.containerStatuses ?? []) {
    if (status.ready === true) continue;
    const finding =
      configFinding(pod, status) ??
      memoryFinding(pod, status) ??
      probeFinding(snapshot, pod, status) ??
      crashFinding(pod, status);
    if (finding !== undefined) return finding;
  }
  return undefined;
}

/** A container that Kubernetes cannot make: a Secret or ConfigMap is missing, or its command. */
export function configFinding(
  pod: Pod,
  { name, state, lastState, restartCount = 0 }: ContainerStatus,
): Finding | undefined {
  const { reason = "", message = "" } = state?.waiting ?? {};
  const where = { pod: pod.metadata.name, container: name };
  if (reason === "CreateContainerConfigError") {
    const text = `The container ${name} cannot be made: ${quoted(message)}.`;
    return terminal({ reason: "container-config", message: text, hint: configHint(message), ...where });
  }
  const failed = [state?.terminated, lastState?.terminated].find(
    (terminated) => terminated?.reason === "StartError" || terminated?.reason === "ContainerCannotRun",
  );
  const starts = ["RunContainerError", "CreateContainerError", "PostStartHookError"];
  if (!starts.includes(reason) && failed === undefined) return undefined;
  const words = quoted(runtimeWords(failed?.message ?? message));
  if (/OOM-killed/.test(words)) return outOfMemory(pod, name);
  const text = `The container ${name} cannot be started: ${words}.`;
  const cause = { reason: "container-config", message: text, hint: startHint(words), ...where } as const;
  // A runtime that is busy says so too, and tries again.
  if (/deadline exceeded|is reserved|timed out/.test(words)) return passing(cause);
  return passing(cause, restartCount > 0 ? 0 : RUNTIME_HOLD_MS);
}

/** A container runtime's layers each say that they failed; the last says why. */
function runtimeWords(message: string): string {
  return message
    .replace(/^.*unable to start container process: /s, "")
    .replace(/^failed to create containerd task: (?:failed to create shim task: )?/, "")
    .replace(/: unknown$/, "");
}

function configHint(message: string): string {
  const missing = /^(secret|configmap) "([^"]+)" not found/i.exec(message);
  if (missing !== null) {
    const [, kind = "", name = ""] = missing;
    return `Create the ${kind.toLowerCase() === "secret" ? "Secret" : "ConfigMap"} ${name} in this namespace, or correct the variable that names it.`;
  }
  const key = /couldn't find key (\S+) in (Secret|ConfigMap) (\S+)/i.exec(message);
  if (key !== null)
    return `Add the key ${key[1]} to the ${key[2]} ${key[3]}, or correct the variable that names it.`;
  if (/runAsNonRoot/.test(message)) {
    return "Give the image a numeric user that is not root (USER 1000), as kserve-ts build does.";
  }
  return "Correct what the container takes from Secrets and ConfigMaps.";
}

function startHint(words: string): string {
  if (/exec format error/.test(words)) return ARCHITECTURE_HINT;
  if (/executable file not found|no such file or directory/.test(words)) {
    return "The image has no such program: correct command and args, or the image's ENTRYPOINT.";
  }
  if (/permission denied/.test(words)) return "The program is not executable for the user that it runs as.";
  return "Correct command, args and securityContext of the container.";
}

/** What to do about an image of another processor. */
export const ARCHITECTURE_HINT =
  "The image is of another processor than the node: build it with kserve-ts build --platform linux/amd64 (or linux/arm64).";

/** A container that used more memory than it may. */
export function memoryFinding(pod: Pod, status: ContainerStatus): Finding | undefined {
  const killed = [status.state?.terminated, status.lastState?.terminated].some(
    (terminated) => terminated?.reason === "OOMKilled",
  );
  return killed ? outOfMemory(pod, status.name) : undefined;
}

function outOfMemory(pod: Pod, container: string): Finding {
  const limit = containerOf(pod, container)?.resources?.limits?.["memory"];
  const than = limit === undefined ? "than the node had left" : `than its limit of ${limit}`;
  return terminal({
    reason: "out-of-memory",
    message: `The container ${container} used more memory ${than} and was killed.`,
    hint: "Raise resources.limits.memory, or serve a smaller model or fewer workers.",
    pod: pod.metadata.name,
    container,
  });
}

/** A container that was killed since it did not start in the time it has. */
function probeFinding(
  snapshot: Snapshot,
  pod: Pod,
  { name, restartCount = 0, state }: ContainerStatus,
): Finding | undefined {
  if (restartCount === 0 && state?.terminated === undefined) return undefined;
  const events = eventsOf(snapshot, "Pod", pod.metadata.name);
  const killed = events.find(
    ({ reason, message = "" }) =>
      reason === "Killing" && message.includes(name) && /failed (startup|liveness) probe/.test(message),
  );
  if (killed === undefined) return undefined;
  const which = /failed (\w+) probe/.exec(killed.message ?? "")?.[1] ?? "startup";
  const probe = probeWords(snapshot, pod, which);
  const why = probe === undefined ? "" : `: ${probe}`;
  return terminal({
    reason: "never-ready",
    message: `The container ${name} did not pass its ${which} probe in the time it has, and was killed${why}.`,
    hint:
      which === "startup"
        ? "Look into its log: does the model load, and does the server listen on the port of the probe? If it only needs longer, raise startupTimeoutSeconds."
        : "Look into its log: does the server listen on the port of the probe?",
    pod: pod.metadata.name,
    container: name,
  });
}

/** What a probe last said of a pod. */
export function probeWords(snapshot: Snapshot, pod: Pod, which: string): string | undefined {
  const probes = eventsOf(snapshot, "Pod", pod.metadata.name).filter(
    ({ reason, message = "" }) => reason === "Unhealthy" && message.toLowerCase().startsWith(which),
  );
  const message = probes.at(-1)?.message;
  return message === undefined ? undefined : quoted(message, 300);
}

/** A container that ended twice, or waits to be started again. */
function crashFinding(pod: Pod, status: ContainerStatus): Finding | undefined {
  const { state, lastState, restartCount = 0, name } = status;
  const waits = state?.waiting?.reason === "CrashLoopBackOff";
  const again = restartCount >= 1 && state?.terminated !== undefined;
  const often = restartCount >= 2 && lastState?.terminated !== undefined;
  // A container that only starts slowly may have been restarted by other hands; two ends are no accident.
  if (!waits && !again && !often) return undefined;
  const end = state?.terminated ?? lastState?.terminated;
  const message = `The container ${name} ${end === undefined ? "ends again and again" : howItEnded(end)}, and does so each time it is started.`;
  return terminal({
    reason: "crash-loop",
    message,
    hint: endHint(end),
    pod: pod.metadata.name,
    container: name,
  });
}

/** How a container ended: `ended with exit code 1`, `was killed by SIGSEGV (exit code 139)`. */
export function howItEnded({ exitCode, signal, message }: Terminated): string {
  const number = signal ?? (exitCode > 128 ? exitCode - 128 : 0);
  const own = message === undefined || message.trim() === "" ? "" : ` (${quoted(message, 300)})`;
  if (number > 0)
    return `was killed by ${SIGNALS[number] ?? `signal ${number}`} (exit code ${exitCode})${own}`;
  return `ended with exit code ${exitCode}${own}`;
}

function endHint(end: Terminated | undefined): string {
  if (end === undefined) return "Look into its log: kserve-ts logs --previous.";
  if (/exec format error/.test(end.message ?? "")) return ARCHITECTURE_HINT;
  if (end.exitCode === 0)
    return "A server must not end by itself: correct what its last lines say, or command and args, so that it stays.";
  if (end.exitCode === 126 || end.exitCode === 127) {
    return "The image has no such program, or it may not be run: correct command and args.";
  }
  if (end.exitCode === 132)
    return "The program uses instructions that the node's processor lacks: build it for an older one.";
  return "Correct what its last lines say, and deploy again.";
}

function containerOf({ spec }: Pod, container: string): Container | undefined {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].find(
    ({ name }) => name === container,
  );
}
