import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";

/** What a path leads to; undefined where there is nothing, or nothing that may be read. */
export async function kindOf(path: string): Promise<"file" | "folder" | undefined> {
  try {
    return (await stat(path)).isDirectory() ? "folder" : "file";
  } catch {
    return undefined;
  }
}

/** What a folder holds; nothing where there is none. */
export async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Names of the files (a mounted volume's are symbolic links) that are not hidden. */
export async function filesOf(folder: string): Promise<string[]> {
  return (await entriesOf(folder))
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => entry.name)
    .sort();
}
