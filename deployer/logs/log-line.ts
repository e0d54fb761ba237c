/** Which of a service's lines are wanted. */
export interface LogOptions {
  /** Go on with lines as they come, of pods that come as well, until the signal is aborted. Default false. */
  readonly follow?: boolean;
  /** So many of the last lines of each container. Default: all. */
  readonly tailLines?: number;
  /** Lines of so many last seconds. Default: all. */
  readonly sinceSeconds?: number;
  /** Pods of this component alone: `predictor`, `transformer` or `explainer`. Default: all. */
  readonly component?: string;
  /** This container of each pod alone; an init container's name does as well. Default: all. */
  readonly container?: string;
  /**
   * Lines of a container before its last restart: `with` those after it, under a heading of their own, `only` those,
   * or `without`. Default `with`.
   */
  readonly previous?: "with" | "only" | "without";
  /** Ends it; the loop then ends without an error. */
  readonly signal?: AbortSignal;
}

/** A line of a container's log, or a word of ours about one. */
export interface LogLine {
  /**
   * `line`: what the container wrote. `heading`: the lines of that container that come next are those of before a
   * restart. `note`: why there are none (yet).
   */
  readonly kind: "line" | "heading" | "note";
  /** Empty where a note is about the service. */
  readonly pod: string;
  readonly component: string;
  readonly container: string;
  /** Whether it was written before the container's last restart. */
  readonly isPrevious: boolean;
  /** When it was written, as the cluster says it: `2026-01-31T12:00:00.123456789Z`. */
  readonly time?: string;
  readonly text: string;
}

/** A line as the cluster gives it with its time in front. A blank line is a time alone. */
export function readTimedLine(line: string): { readonly time?: string; readonly text: string } {
  const [, time, text] = /^(\d{4}-\d\d-\d\dT\S+?(?:Z|[+-]\d\d:\d\d))(?: (.*))?$/s.exec(line) ?? [];
  return time === undefined ? { text: line } : { time, text: text ?? "" };
}

/** The lines of a log as a whole. A line feed at its end begins no line. */
export function splitLines(log: string): readonly string[] {
  if (log === "") return [];
  return (log.endsWith("\n") ? log.slice(0, -1) : log).split("\n");
}
