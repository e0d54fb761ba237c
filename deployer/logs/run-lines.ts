import { isKtsError } from "../../contract/errors.ts";
import type { Cluster, KubeObject } from "../cluster/cluster.ts";
import { componentOf } from "../pods/service-pods.ts";
import type { ContainerRun, LoggingContainer } from "./container-runs.ts";
import { type LogLine, type LogOptions, readTimedLine, splitLines } from "./log-line.ts";

/** What the lines of a container have in common. */
export type Origin = Pick<LogLine, "pod" | "component" | "container">;

/** The origin of a container's lines. */
export function originOf(pod: KubeObject, container: string): Origin {
  return { pod: pod.metadata.name, component: componentOf(pod), container };
}

/** The heading of a run before a restart. */
export function headingOf(origin: Origin, { end }: ContainerRun, restarts: number): LogLine {
  const count = restarts === 0 ? "" : `, ${restarts} ${restarts === 1 ? "restart" : "restarts"} so far`;
  return { kind: "heading", ...origin, isPrevious: true, text: `previous run: ${end ?? "it ended"}${count}` };
}

/** A word of ours about a container. */
export function noteOf(origin: Origin, text: string): LogLine {
  return { kind: "note", ...origin, isPrevious: false, text };
}

/** A line as it came. */
export function lineOf(origin: Origin, line: string, isPrevious: boolean): LogLine {
  return { kind: "line", ...origin, isPrevious, ...readTimedLine(line) };
}

/**
 * The lines of one run, as far as they are there. Why there are none is a note: the node may have thrown them away.
 * @throws KtsError KTS_CLUSTER_UNREACHABLE, KTS_CLUSTER_DENIED
 */
export async function runLines(
  cluster: Cluster,
  origin: Origin,
  run: ContainerRun,
  restarts: number,
  { tailLines, sinceSeconds, signal }: LogOptions,
): Promise<readonly LogLine[]> {
  const { pod, container } = origin;
  const first = run.isPrevious ? [headingOf(origin, run, restarts)] : [];
  try {
    const log = await cluster.logs({
      pod,
      container,
      previous: run.isPrevious,
      timestamps: true,
      ...(tailLines !== undefined && { tailLines }),
      ...(sinceSeconds !== undefined && { sinceSeconds }),
      ...(signal !== undefined && { signal }),
    });
    return [...first, ...splitLines(log).map((line) => lineOf(origin, line, run.isPrevious))];
  } catch (error) {
    if (!isGone(error)) throw error;
    return [...first, noteOf(origin, `its log is not there any more: ${error.message}`)];
  }
}

/** All the lines of a container that are there. */
export async function containerLines(
  cluster: Cluster,
  origin: Origin,
  { runs, waiting, restarts }: LoggingContainer,
  options: LogOptions,
): Promise<readonly LogLine[]> {
  const { previous = "with" } = options;
  const wanted = runs.filter(({ isPrevious }) => previous === "with" || isPrevious === (previous === "only"));
  const lines = await Promise.all(wanted.map((run) => runLines(cluster, origin, run, restarts, options)));
  if (previous === "only") {
    const none = wanted.length === 0 && runs.length > 0 ? [noteOf(origin, "it has not been restarted")] : [];
    return [...lines.flat(), ...none];
  }
  return [...lines.flat(), ...(waiting === undefined ? [] : [noteOf(origin, `it waits: ${waiting}`)])];
}

/** Whether the cluster says that there is no such log, rather than that it may not be read. */
export function isGone(error: unknown): error is Error {
  return isKtsError(error) && (error.code === "KTS_CLUSTER_REFUSED" || error.code === "KTS_CLUSTER_FAILED");
}
