import type { Verb } from "../verb.ts";
import { bashCompletion } from "./bash.ts";
import { completableVerbs, globalFlags } from "./completable.ts";
import { fishCompletion } from "./fish.ts";
import type { Shell } from "./shells.ts";
import { zshCompletion } from "./zsh.ts";

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

/** The completion script of a shell for these verbs. */
export function completionScript(shell: Shell, verbs: readonly Verb[]): string {
  return SCRIPTS[shell](completableVerbs(verbs), globalFlags());
}
