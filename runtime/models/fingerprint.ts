import { readdir, stat } from "node:fs/promises";
import { join, relative } from "node:path";

/** More files than this are not looked through: the model then counts as changed. */
const MOST_FILES = 10_000;

/**
 * A text that is another one when any of a model's files has changed, judged by size, time and inode.
 * @param folders the model's folder, and that of its files where it lies elsewhere
 * @param version the folders of other versions are left out
 * @returns undefined where there are too many files to tell
 */
export async function fingerprintOf(
  folders: readonly string[],
  version: string | undefined,
): Promise<string | undefined> {
  return (await listFiles(folders, version))?.join("\n");
}

/** How files are listed. */
export interface ListOptions {
  /** Whether a file or folder is left out, by its path within the folder. */
  readonly skips?: (path: string) => boolean;
  /** Told of each folder that is looked through. */
  readonly onFolder?: (path: string) => void;
}

/**
 * A line for each of a model's files: its path, and the stamp that another size, time or inode changes.
 * @param version the folders of other versions are left out
 * @returns undefined where there are too many
 */
export async function listFiles(
  folders: readonly string[],
  version: string | undefined,
  { skips = () => false, onFolder }: ListOptions = {},
): Promise<readonly string[] | undefined> {
  const lines: string[] = [];
  for (const folder of new Set(folders)) {
    const leftOut = (name: string) => isOtherVersion(name, version) || skips(name);
    for await (const path of filesIn(folder, leftOut, onFolder)) {
      if (lines.length >= MOST_FILES) return undefined;
      lines.push(`${path} ${await stampOf(path)}`);
    }
  }
  return lines.sort();
}

async function* filesIn(
  root: string,
  skips: (path: string) => boolean,
  onFolder?: (path: string) => void,
): AsyncGenerator<string> {
  const pending = [root];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    onFolder?.(folder);
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
      const path = join(folder, entry.name);
      if (skips(relative(root, path))) continue;
      if (entry.isDirectory()) pending.push(path);
      else yield path;
    }
  }
}

/** Versions lie in the model's folder or in its `model/`. */
function isOtherVersion(path: string, version: string | undefined): boolean {
  const number = /^(?:model\/)?(\d+)$/.exec(path)?.[1];
  return version !== undefined && number !== undefined && number !== version;
}

/** What a link leads to counts, not the link: a mounted volume changes by moving its links. */
export async function stampOf(path: string): Promise<string> {
  try {
    const { size, mtimeMs, ino } = await stat(path);
    return `${size} ${mtimeMs} ${ino}`;
  } catch {
    return "gone";
  }
}
