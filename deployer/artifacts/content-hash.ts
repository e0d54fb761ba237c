import { createHash } from "node:crypto";
import { digestsOf } from "./content.ts";
import type { HashedFile, StoreFile } from "./types.ts";

/**
 * Reads every file for its digests, and puts them into the order of their paths.
 * @param signal ends it between two files
 */
export async function hashFiles(
  files: readonly StoreFile[],
  signal?: AbortSignal,
): Promise<readonly HashedFile[]> {
  const hashed: HashedFile[] = [];
  for (const file of files) {
    signal?.throwIfAborted();
    hashed.push({ ...file, ...(await digestsOf(file.content)) });
  }
  return hashed.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** A hash over the paths in the store and the contents: not over where the files lie here, nor when they were written. */
export function contentHash(files: readonly HashedFile[]): string {
  const hash = createHash("sha256");
  // A path cannot have a NUL, and so cannot be made to look like the next file.
  for (const { path, sha256 } of files) hash.update(`${path}\0${sha256}\n`);
  return `sha256:${hash.digest("hex")}`;
}
