import { KtsError } from "../../contract/errors.ts";
import type { FileSource, LayerName, PlannedFile, PlannedLayer } from "./build-plan.ts";
import { hashFiles } from "./hash.ts";

/**
 * Makes a layer of files: sorted by path, with its size and hash. Undefined where there are none.
 * @throws KtsError KTS_BUILD_INPUT when two files would be at one path
 */
export async function makeLayer(
  name: LayerName,
  files: readonly PlannedFile[],
): Promise<PlannedLayer | undefined> {
  if (files.length === 0) return undefined;
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  for (const [at, { path }] of sorted.entries()) {
    if (sorted[at + 1]?.path !== path) continue;
    throw new KtsError("KTS_BUILD_INPUT", `two files of the ${name} layer would be ${path} in the image`);
  }
  const bytes = sorted.reduce((sum, { source }) => sum + sizeOf(source), 0);
  return { name, files: sorted, bytes, hash: await hashFiles(sorted) };
}

/** A file with contents that the plan made. */
export function fileOfText(path: string, text: string): PlannedFile {
  return { path, source: { kind: "bytes", contents: Buffer.from(text) }, executable: false };
}

function sizeOf(source: FileSource): number {
  if (source.kind === "file") return source.bytes;
  return source.kind === "bytes" ? source.contents.length : 0;
}
