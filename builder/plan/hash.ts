import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { digestOf } from "../registry/digest.ts";
import type { FileSource, PlannedFile } from "./build-plan.ts";

/** Files that are read at the same time. */
const AT_ONCE = 8;

/**
 * The hash of files by their paths, modes and contents. Folder, times, owner and umask of this machine have no part
 * in it.
 * @param files by path
 */
export async function hashFiles(files: readonly PlannedFile[]): Promise<string> {
  const lines: string[] = new Array<string>(files.length);
  let next = 0;
  const work = async () => {
    for (let at = next++; at < files.length; at = next++) {
      const { path, source, executable } = files[at] as PlannedFile;
      lines[at] = `${JSON.stringify(path)} ${executable ? "x" : "-"} ${await hashSource(source)}`;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return digestOf(lines.join("\n"));
}

/** `sha256:` of any data that JSON can say, whatever the order of its members. */
export function hashData(value: unknown): string {
  return digestOf(JSON.stringify(value, sortMembers));
}

function sortMembers(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function hashSource(source: FileSource): Promise<string> {
  if (source.kind === "link") return `link ${JSON.stringify(source.target)}`;
  const hash = createHash("sha256");
  if (source.kind === "bytes") return hash.update(source.contents).digest("hex");
  await pipeline(createReadStream(source.path), hash);
  return hash.digest("hex");
}
