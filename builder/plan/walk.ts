import { lstat, readdir, readlink, realpath } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { KtsError } from "../../contract/errors.ts";

/** A file or link that was found in a folder. */
export interface FoundFile {
  /** Relative to the folder that was walked, with `/`. */
  readonly path: string;
  /** Absolute. */
  readonly absolute: string;
  readonly bytes: number;
  readonly executable: boolean;
  /** Where a link leads, as a relative path from the link's own folder; undefined for a file. */
  readonly link: string | undefined;
}

/**
 * Every file and link below a folder, by path.
 * @param skips whether a file or a folder is left out, by its relative path
 * @throws KtsError KTS_BUILD_INPUT for a link that leads out of the folder or nowhere, and for a socket or a device
 */
export async function walk(root: string, skips: (path: string) => boolean): Promise<FoundFile[]> {
  const found: FoundFile[] = [];
  const pending = [""];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (skips(path)) continue;
      if (entry.isDirectory()) pending.push(path);
      else found.push(await foundFile(root, path));
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** One file below a folder. @throws KtsError as {@link walk} does */
export async function foundFile(root: string, path: string): Promise<FoundFile> {
  const absolute = join(root, path);
  const stats = await lstat(absolute);
  if (stats.isSymbolicLink()) {
    return { path, absolute, bytes: 0, executable: false, link: await linkWithin(root, absolute) };
  }
  if (!stats.isFile()) throw new KtsError("KTS_BUILD_INPUT", `${absolute} is neither a file nor a folder`);
  return { path, absolute, bytes: stats.size, executable: (stats.mode & 0o100) !== 0, link: undefined };
}

async function linkWithin(root: string, path: string): Promise<string> {
  const target = resolve(dirname(path), await readlink(path));
  const [home, real] = await Promise.all([realpath(root), realpath(path).catch(() => undefined)]);
  if (real === undefined) throw refused(path, target, "which is not there");
  if (!isWithin(home, real) || !isWithin(resolve(root), target)) {
    throw refused(path, target, `which is not in ${root}`);
  }
  return relative(dirname(path), target).split(sep).join("/");
}

function refused(path: string, target: string, why: string): KtsError {
  return new KtsError("KTS_BUILD_INPUT", `${path} is a link to ${target}, ${why}`, {
    hint: "Put the file itself in its place, or remove the link.",
  });
}

/** Whether a path is a folder or below it. */
export function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === "" || (!isAbsolute(way) && way.split(sep)[0] !== "..");
}
