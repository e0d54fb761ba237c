import { VERBS } from "../verbs.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { bashCompletion } from "./bash.ts";
import { completableVerbs, globalFlags } from "./completable.ts";
import { fishCompletion } from "./fish.ts";
import type { Shell } from "./shells.ts";
import { zshCompletion } from "./zsh.ts";

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

/** Prints the completion script of a shell. */
export async function runCompletion(shell: Shell, terminal: Terminal): Promise<number> {
  terminal.print(SCRIPTS[shell](completableVerbs(await VERBS.all()), globalFlags()));
  return 0;
}
