import type { Terminal } from "./terminal.ts";

/** Says what may go wrong, on stderr. */
export function warn(terminal: Terminal, warning: string): void {
  terminal.complain(`${terminal.styleComplaint("yellow", "warning:")} ${warning}`, {
    kind: "warning",
    message: warning,
  });
}
