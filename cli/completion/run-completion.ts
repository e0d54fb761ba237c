import { readFile } from "node:fs/promises";
import type { Terminal } from "../terminal/terminal.ts";
import type { Shell } from "./shells.ts";

const FROM_SOURCE = import.meta.url.endsWith(".ts");

/** Prints the completion script of a shell. */
export async function runCompletion(shell: Shell, terminal: Terminal): Promise<number> {
  terminal.print(FROM_SOURCE ? await made(shell) : await built(shell));
  return 0;
}

async function made(shell: Shell): Promise<string> {
  const [{ completionScript }, { VERBS }] = await Promise.all([import("./script.ts"), import("../verbs.ts")]);
  return completionScript(shell, await VERBS.all());
}

/** As `scripts/build.ts` wrote it: to load every verb would take twice as long, at each start of a shell. */
function built(shell: Shell): Promise<string> {
  return readFile(new URL(`./completion/${shell}`, import.meta.url), "utf8");
}
