import { nearest } from "../../contract/nearest.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { RESOURCES } from "../cluster/resources.ts";
import { ARCHITECTURE_HINT } from "./causes/container.ts";
import type { FailureCause } from "./progress.ts";
import type { Snapshot } from "./snapshot.ts";
import { READ_LINES, tellingLines } from "./telling-lines.ts";

/** Milliseconds that reading more about a cause may take: what is known is not held back for it. */
const BUDGET_MS = 1500;

/** A cause with what more the cluster tells of it: the last lines of the container's log, the runtimes there are. */
export async function explain(
  cluster: Cluster,
  snapshot: Snapshot,
  cause: FailureCause,
  signal?: AbortSignal,
): Promise<FailureCause> {
  const timeout = AbortSignal.timeout(BUDGET_MS);
  const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  try {
    if (cause.reason === "no-runtime" || cause.reason === "unknown-runtime") {
      return await withRuntimes(cluster, snapshot, cause, either);
    }
    return await withLastLines(cluster, snapshot, cause, either);
  } catch {
    signal?.throwIfAborted();
    // The cause stands without them.
    return cause;
  }
}

/** Containers that never ran have no log. */
const WITHOUT_LOG: ReadonlySet<FailureCause["reason"]> = new Set([
  "image-pull",
  "container-config",
  "volume",
]);

async function withLastLines(
  cluster: Cluster,
  { service }: Snapshot,
  cause: FailureCause,
  signal: AbortSignal,
): Promise<FailureCause> {
  const { pod, container } = cause;
  if (pod === undefined || container === undefined || WITHOUT_LOG.has(cause.reason)) return cause;
  const query = { namespace: service.metadata.namespace, pod, container, tailLines: READ_LINES, signal };
  const read = (previous: boolean): Promise<string> =>
    cluster.logs({ ...query, previous }).catch(() => {
      signal.throwIfAborted();
      return "";
    });
  // The container that failed may have been started again, with no line yet.
  const [current, previous] = await Promise.all([read(false), read(true)]);
  const text = current.trim() === "" ? previous : current;
  const lines = text.split("\n").map((line) => line.trimEnd()).filter((line) => line !== ""); // prettier-ignore
  const lastLines = tellingLines(lines);
  if (lastLines.length === 0) return cause;
  const isForeign = lastLines.some((line) => /exec format error/.test(line));
  return { ...cause, lastLines, ...(isForeign && { hint: ARCHITECTURE_HINT }) };
}

interface Runtime {
  readonly name: string;
  readonly formats: readonly string[];
}

async function withRuntimes(
  cluster: Cluster,
  { service }: Snapshot,
  cause: FailureCause,
  signal: AbortSignal,
): Promise<FailureCause> {
  const { namespace } = service.metadata;
  const lists = await Promise.all([
    cluster.list(RESOURCES.servingRuntime, { namespace }, signal),
    cluster.list(RESOURCES.clusterServingRuntime, {}, signal),
  ]);
  const runtimes = lists.flatMap(({ items }) => items).map(runtimeOf).filter((runtime) => runtime !== undefined); // prettier-ignore
  const model = (service.spec?.predictor as { readonly model?: ModelMembers } | undefined)?.model;
  const isFormat = cause.reason === "no-runtime";
  const names = isFormat ? runtimes.flatMap(({ formats }) => formats) : runtimes.map(({ name }) => name);
  const all = [...new Set(names)].toSorted();
  const typed = (isFormat ? model?.modelFormat?.name : model?.runtime) ?? "";
  const near = nearest(typed, all).filter((name) => name !== typed);
  const meant = near.length === 0 ? "" : `Did you mean ${near.join(" or ")}? `;
  const what = isFormat ? "Formats" : "Runtimes";
  const there = all.length === 0 ? "The cluster has no runtime." : `${what} there are: ${all.join(", ")}.`;
  return { ...cause, hint: `${meant}${there} ${cause.hint}` };
}

interface ModelMembers {
  readonly modelFormat?: { readonly name?: string };
  readonly runtime?: string;
}

function runtimeOf(object: {
  readonly metadata: { readonly name: string };
  readonly [member: string]: unknown;
}): Runtime | undefined {
  const { disabled, supportedModelFormats = [] } = (object["spec"] ?? {}) as {
    readonly disabled?: boolean;
    readonly supportedModelFormats?: readonly { readonly name?: string }[];
  };
  if (disabled === true) return undefined;
  const formats = supportedModelFormats.map(({ name }) => name).filter((name) => name !== undefined);
  return { name: object.metadata.name, formats };
}
