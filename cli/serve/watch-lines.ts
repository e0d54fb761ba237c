import type { WatchEvent } from "../../runtime/dev/watch-event.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** More names would push the rest of the line away. */
const MOST_FILES = 3;

/** Tells on the terminal what has become of a change: a line on stdout; on stderr, in full, what is wrong with it. */
export function tellWatch(event: WatchEvent, terminal: Terminal): void {
  const { style, styleComplaint } = terminal;
  switch (event.kind) {
    case "live":
      terminal.print(
        `${style("green", changed(event.files))}: live in ${Math.round(event.ms)} ms${modelText(event.isModelKept)}`,
      );
      return;
    case "same":
      terminal.print(`${style("green", changed(event.files))}: as it was, which still serves`);
      return;
    case "broken":
      terminal.complain(
        `${styleComplaint("red", `${changed(event.files)}, but cannot serve; what was there before does:`)}\n${event.problem}`,
      );
      return;
    case "notice":
      terminal.complain(styleComplaint("yellow", event.text));
  }
}

function modelText(isModelKept: boolean | undefined): string {
  if (isModelKept === undefined) return "";
  return isModelKept ? ", model kept" : ", model loaded again";
}

function changed(files: readonly string[]): string {
  if (files.length === 0) return "what was missing has come";
  const more = files.length - MOST_FILES;
  const names = more > 1 ? [...files.slice(0, MOST_FILES), `${more} more`] : files;
  const last = names.at(-1);
  return `${names.length === 1 ? last : `${names.slice(0, -1).join(", ")} and ${last}`} changed`;
}
