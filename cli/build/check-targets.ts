import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { KtsError } from "../../contract/errors.ts";
import type { BuildOptions } from "../commands/build.ts";

/**
 * Sees before any work that the image can be written where it is to go, and makes the folder of an archive.
 * @throws KtsError KTS_USAGE when something else is there
 */
export async function checkTargets({
  layout,
  archive,
}: Pick<BuildOptions, "layout" | "archive">): Promise<void> {
  if (layout !== undefined && (await isFolder(layout)) === false) {
    throw new KtsError("KTS_USAGE", `--layout ${layout} is a file`, { hint: "Give a folder, or --archive." });
  }
  if (archive === undefined) return;
  if (await isFolder(archive)) {
    throw new KtsError("KTS_USAGE", `--archive ${archive} is a folder`, {
      hint: "Give a file, or --layout.",
    });
  }
  await mkdir(dirname(resolve(archive)), { recursive: true });
}

/** @returns undefined where there is nothing */
function isFolder(path: string): Promise<boolean | undefined> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => undefined,
  );
}
