import type { PlannedFile, PlannedLayer } from "../plan/build-plan.ts";

/** One entry of a layer's tar. */
export type LayerEntry =
  | { readonly kind: "folder"; /** Without a slash in front or behind: `app`. */ readonly name: string }
  | { readonly kind: "file"; readonly name: string; readonly file: PlannedFile };

/** The entries of a layer in the order of its tar: by name, each folder in front of what is in it. */
export function layerEntries({ files }: Pick<PlannedLayer, "files">): readonly LayerEntry[] {
  const entries = new Map<string, LayerEntry>();
  for (const file of files) {
    const name = file.path.replace(/^\/+/, "");
    for (const folder of foldersOf(name)) entries.set(folder, { kind: "folder", name: folder });
    entries.set(name, { kind: "file", name, file });
  }
  return [...entries.values()].sort((a, b) => compareNames(a.name, b.name));
}

function foldersOf(name: string): readonly string[] {
  const parts = name.split("/").slice(0, -1);
  return parts.map((_, at) => parts.slice(0, at + 1).join("/"));
}

/** By the parts of the path, so that nothing stands between a folder and what is in it; by code unit, in no locale. */
function compareNames(left: string, right: string): number {
  const a = left.replaceAll("/", "\0");
  const b = right.replaceAll("/", "\0");
  return a < b ? -1 : a > b ? 1 : 0;
}
