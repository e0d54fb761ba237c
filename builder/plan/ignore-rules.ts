import { matchesGlob } from "node:path";

/** Says of a path whether it is left out. */
export type IgnoreRules = (path: string) => boolean;

/**
 * The rules of a `.dockerignore`: a line a pattern, relative to the file's folder; `!` takes back, the last line that
 * matches a path or a folder above it decides.
 */
export function readIgnoreRules(text: string): IgnoreRules {
  const rules = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const keeps = line.startsWith("!");
      const pattern = (keeps ? line.slice(1) : line).trim().replace(/^\/+|\/+$/g, "");
      return { keeps, pattern: pattern.replace(/^\.\//, "") };
    });
  return (path) => {
    const candidates = pathAndFolders(path);
    let ignored = false;
    for (const { keeps, pattern } of rules) {
      if (candidates.some((candidate) => matchesGlob(candidate, pattern))) ignored = !keeps;
    }
    return ignored;
  };
}

/** `a/b/c`, `a/b`, `a` */
function pathAndFolders(path: string): string[] {
  const segments = path.split("/");
  return segments.map((_, at) => segments.slice(0, segments.length - at).join("/"));
}
