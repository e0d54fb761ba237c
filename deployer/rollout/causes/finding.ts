import type { FailureCause } from "../progress.ts";

/** Something that stands against a rollout. */
export interface Finding {
  readonly cause: FailureCause;
  /**
   * Milliseconds for which it has to stay before it is beyond hope; 0: it is at once; Infinity: it may always pass, and
   * is what one points to when the time is up.
   */
  readonly holdMs: number;
}

/** A finding that is beyond hope at once. */
export function terminal(cause: FailureCause): Finding {
  return { cause, holdMs: 0 };
}

/** A finding that may pass by itself. */
export function passing(cause: FailureCause, holdMs = Infinity): Finding {
  return { cause, holdMs };
}

/** The end of a sentence, whatever the cluster ended its words with. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

/** The cluster's words as they fit into a sentence of ours: on one line, without a full stop. */
export function quoted(text: string, maxLength = 600): string {
  const line = text.trim().replace(/\s+/g, " ").replace(/\.$/, "");
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 3)}...`;
}
