import { writeFile } from "node:fs/promises";
import { KtsError, messageOf } from "../contract/errors.ts";

/**
 * Writes a file that a flag names.
 * @param flag such as `--out`
 * @throws KtsError KTS_USAGE when it cannot be written
 */
export async function writeNamedFile(flag: string, path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw new KtsError("KTS_USAGE", `${flag} ${path} cannot be written: ${messageOf(error)}`, {
      cause: error,
      hint: "Name a file in a folder that is there, and may be written.",
    });
  }
}
