import { createInterface } from "node:readline/promises";
import { KtsError } from "../../contract/errors.ts";

/**
 * Asks a person on the terminal.
 * @param otherwise the flag that stands for a yes
 * @throws KtsError KTS_USAGE where nobody can be asked
 */
export async function confirm(question: string, otherwise: string): Promise<boolean> {
  const { stdin, stderr } = process;
  if (stdin.isTTY !== true || stderr.isTTY !== true) {
    throw new KtsError("KTS_USAGE", `${question} There is no terminal to ask on`, {
      hint: `Give ${otherwise} if that is what you want.`,
    });
  }
  const reader = createInterface({ input: stdin, output: stderr });
  try {
    return /^y(es)?$/i.test((await reader.question(`${question} [y/N] `)).trim());
  } finally {
    reader.close();
  }
}
