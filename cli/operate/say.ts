import type { Terminal } from "../terminal/terminal.ts";

/** Prints what a verb did: a sentence for people, or a line of JSON. */
export function sayDone(output: "text" | "json", value: object, sentence: string, terminal: Terminal): void {
  terminal.print(output === "json" ? JSON.stringify(value) : sentence);
}

/** Shows what is waited for, while it is. */
export function waitingIn(terminal: Terminal): (missing: string) => void {
  return (missing) => terminal.status(`Waiting for ${missing}`);
}
