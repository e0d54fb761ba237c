import { KtsError } from "../../contract/errors.ts";
import { confirm as ask } from "../deploy/confirm.ts";

/**
 * Asks a person on the terminal.
 * @param otherwise the flag that stands for a yes
 * @throws KtsError KTS_USAGE where nobody can be asked
 */
export async function confirm(question: string, otherwise: string): Promise<boolean> {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) {
    throw new KtsError("KTS_USAGE", `${question} There is no terminal to ask on`, {
      hint: `Give ${otherwise} if that is what you want.`,
    });
  }
  return ask(question, new AbortController().signal);
}
