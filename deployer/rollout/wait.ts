import { isDeepStrictEqual } from "node:util";
import type { KtsError } from "../../contract/errors.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Finding } from "./causes/finding.ts";
import { findings } from "./causes/find-cause.ts";
import { explain } from "./explain.ts";
import { RolloutFailed, RolloutTimeout } from "./failure.ts";
import type { FailureCause, RolloutView } from "./progress.ts";
import type { Snapshot } from "./snapshot.ts";
import { viewOf } from "./view.ts";
import { ServiceWatch } from "./watch-service.ts";

/** Milliseconds between two looks where nothing changes: what has to stay for a while is found by them. */
const LOOK_MS = 250;

/** What is waited for. */
export interface WaitTarget {
  readonly namespace: string;
  readonly name: string;
  /** `metadata.generation` as the apply left it: an older one that is still told of is not what is waited for. */
  readonly generation: number;
}

/** How it is waited for. */
export interface WaitOptions {
  /** Milliseconds after which waiting ends with KTS_ROLLOUT_TIMEOUT. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Called with how it stands, at first and whenever that changes. */
  onView?(view: RolloutView): void;
  /** Finds what stands against a rollout. Default: all that is known. */
  readonly causes?: (snapshot: Snapshot) => readonly Finding[];
}

/** A rollout that has come up. */
export interface ReadyView extends RolloutView {
  readonly ready: true;
}

/**
 * Waits until all that was applied serves, and nothing of an earlier generation does.
 * @throws RolloutFailed (KTS_ROLLOUT_FAILED) as soon as it cannot, with the cause; RolloutTimeout (KTS_ROLLOUT_TIMEOUT)
 *   with the likeliest cause; KtsError KTS_SERVICE_NOT_FOUND when there is no such InferenceService, and what the
 *   cluster's calls end with; the signal's reason when it is aborted
 */
export async function waitUntilReady(
  cluster: Cluster,
  target: WaitTarget,
  options: WaitOptions,
): Promise<ReadyView> {
  const { timeoutMs, signal, onView, causes = findings } = options;
  const deadlineMs = performance.now() + timeoutMs;
  await using watch = await ServiceWatch.open(cluster, target, signal);
  const held = new Holds();
  let shown: RolloutView | undefined;
  for (;;) {
    const snapshot = watch.snapshot();
    // A list may come from before the apply.
    const isCurrent = (snapshot.service.metadata.generation ?? 0) >= target.generation;
    const full = viewOf(snapshot);
    const view = isCurrent ? full : { ...full, observed: false, ready: false };
    if (!isDeepStrictEqual(view, shown)) onView?.(view);
    shown = view;
    if (view.ready) return { ...view, ready: true };
    const found = isCurrent ? causes(snapshot) : [];
    const hopeless = held.hopeless(found);
    if (hopeless !== undefined) {
      throw new RolloutFailed(await explain(cluster, snapshot, hopeless, signal), view);
    }
    const leftMs = deadlineMs - performance.now();
    if (leftMs <= 0) throw await timedOut(cluster, snapshot, view, found, options);
    await watch.changed(Math.min(LOOK_MS, leftMs));
  }
}

/** How long each finding has been there without a break, by this machine's clock. */
class Holds {
  #sinceMs = new Map<string, number>();

  /** The first cause that has stayed as long as it has to. */
  hopeless(found: readonly Finding[]): FailureCause | undefined {
    const nowMs = performance.now();
    const since = new Map<string, number>();
    let hopeless: FailureCause | undefined;
    for (const { cause, holdMs } of found) {
      const key = `${cause.reason} ${cause.pod ?? ""} ${cause.container ?? ""}`;
      const beganMs = this.#sinceMs.get(key) ?? nowMs;
      since.set(key, beganMs);
      if (nowMs - beganMs >= holdMs) hopeless ??= cause;
    }
    this.#sinceMs = since;
    return hopeless;
  }
}

async function timedOut(
  cluster: Cluster,
  snapshot: Snapshot,
  view: RolloutView,
  found: readonly Finding[],
  { timeoutMs, signal }: WaitOptions,
): Promise<KtsError> {
  const cause = found[0]?.cause;
  const explained = cause === undefined ? undefined : await explain(cluster, snapshot, cause, signal);
  return new RolloutTimeout(timeoutMs, view, explained, snapshot.unreadable);
}
