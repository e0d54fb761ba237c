import { ERROR_CATALOGUE, KtsError } from "../../contract/errors.ts";
import type { FailureCause, RolloutView } from "./progress.ts";

/** A rollout that cannot succeed. Its message has the cause and the last lines of the container's log. */
export class RolloutFailed extends KtsError {
  /** Why it cannot. */
  declare readonly cause: FailureCause;
  /** How it stood. */
  readonly view: RolloutView;

  constructor(cause: FailureCause, view: RolloutView) {
    super("KTS_ROLLOUT_FAILED", describeCause(`${view.name} does not come up`, cause), {
      cause,
      hint: cause.hint,
    });
    this.name = "RolloutFailed";
    this.view = view;
  }
}

/** A rollout that was not ready in time, and may still become so. */
export class RolloutTimeout extends KtsError {
  /** What most likely keeps it; undefined: nothing stands out. */
  declare readonly cause: FailureCause | undefined;
  /** How it stood. */
  readonly view: RolloutView;

  /** @param unreadable kinds that could not be looked into for the cause */
  constructor(
    timeoutMs: number,
    view: RolloutView,
    cause: FailureCause | undefined,
    unreadable: readonly string[] = [],
  ) {
    const blind =
      unreadable.length === 0 ? "" : ` (no permission to read ${unreadable.join(", ")}, which may tell why)`;
    const seconds = Math.round(timeoutMs / 1000);
    const head = `${view.name} was not ready after ${seconds} s; ${standing(view)}${blind}`;
    const general = ERROR_CATALOGUE.KTS_ROLLOUT_TIMEOUT.hint;
    super("KTS_ROLLOUT_TIMEOUT", cause === undefined ? head : describeCause(head, cause), {
      cause,
      hint: cause === undefined ? general : `${cause.hint} ${general}`,
    });
    this.name = "RolloutTimeout";
    this.view = view;
  }
}

/** A cause in words: what it means, the cause, and the last lines. */
export function describeCause(head: string, cause: FailureCause): string {
  const { message, lastLines = [], container, pod } = cause;
  const said = `${head}: ${message}`;
  if (lastLines.length === 0) return said;
  const lines = lastLines.map((line) => `  ${line}`);
  return [said, `last lines of ${container} in ${pod}:`, ...lines].join("\n");
}

/** How it stands in a few words: `1 of 2 new pods ready, Ready is False (MinimumReplicasUnavailable)`. */
function standing({ pods, conditions, observed }: RolloutView): string {
  const fresh = pods.filter(({ isNew }) => isNew);
  const ready = fresh.filter((pod) => pod.ready).length;
  const states = fresh.filter((pod) => !pod.ready).map(({ name, state }) => `${name} ${state}`);
  const condition = conditions.find(({ type }) => type === "Ready");
  return [
    fresh.length === 0
      ? observed
        ? "it has no pod"
        : "KServe has not made it yet"
      : `${ready} of ${fresh.length} new pods ready`,
    ...states,
    ...(condition === undefined
      ? []
      : [`Ready is ${condition.status}${condition.reason === undefined ? "" : ` (${condition.reason})`}`]),
  ].join(", ");
}
