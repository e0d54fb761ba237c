import { createInterface } from "node:readline/promises";

/** Asks at the terminal; anything but yes is no. @throws the signal's reason */
export async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  using terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^\s*y(es)?\s*$/i.test(await terminal.question(`${question} [y/N] `, { signal }));
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
