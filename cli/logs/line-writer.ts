import type { LogLine } from "../../deployer/logs/log-line.ts";
import type { Style, Terminal } from "../terminal/terminal.ts";

/** Colours that can be read on dark and on light. */
const COLOURS: readonly Style[] = ["cyan", "green", "magenta", "yellow", "blue", "red"];

/** The container whose name says nothing. */
const USUAL_CONTAINER = "kserve-container";

/** Writes a line of a log, or what is said about one. */
export type LineWriter = (line: LogLine) => void;

/** Writes each line as an object; what is no line goes to stderr. */
export function jsonWriter(terminal: Terminal): LineWriter {
  return ({ kind, pod, component, container, isPrevious, time, text }) => {
    if (kind === "line") {
      terminal.print(JSON.stringify({ pod, component, container, previous: isPrevious, time, text }));
    } else if (kind === "note") terminal.complain(noteText({ pod, container, text }));
  };
}

/**
 * Writes each line behind its pod, and its container where that is no server. The pod's name is without the service's,
 * which all have in common.
 */
export function textWriter(service: string, timestamps: boolean, terminal: Terminal): LineWriter {
  return ({ kind, pod, container, time, text }) => {
    if (kind === "note") return terminal.complain(noteText({ pod, container, text }));
    const prefix = terminal.style(colourOf(pod), prefixOf(service, pod, container));
    if (kind === "heading") return terminal.print(`${prefix} ${terminal.style("bold", `--- ${text} ---`)}`);
    const when = timestamps && time !== undefined ? `${terminal.style("gray", time)} ` : "";
    terminal.print(`${prefix} ${when}${text}`.trimEnd());
  };
}

function prefixOf(service: string, pod: string, container: string): string {
  const short = pod.startsWith(`${service}-`) ? pod.slice(service.length + 1) : pod;
  return `[${container === USUAL_CONTAINER ? short : `${short} ${container}`}]`;
}

function noteText({ pod, container, text }: Pick<LogLine, "pod" | "container" | "text">): string {
  return pod === "" ? text : `${pod} ${container}: ${text}`;
}

/** The same for a pod in every run. */
function colourOf(pod: string): Style {
  let hash = 0;
  for (const character of pod) hash = (hash * 31 + character.charCodeAt(0)) >>> 0;
  return COLOURS[hash % COLOURS.length] as Style;
}
