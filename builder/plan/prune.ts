import { basename } from "node:path";
import type { Platform } from "./build-plan.ts";
import { isNativeName, runsOn } from "./native-file.ts";
import type { FoundFile } from "./walk.ts";

/** No program reads them when it runs: TypeScript (Node runs none of packages), maps, native code, what people read. */
const NOT_RUN = /\.([cm]?tsx?|map|md|markdown|flow|tsbuildinfo|cc|cpp|cxx|c|h|hpp|o|obj|pdb)$/i;

/** What licences ask to be kept, whatever its extension. */
const LEGAL = /^(licen[cs]e|notice|copying|copyright|third[-_]?party)/i;

/** Folders of a package's root that its program has no use for. */
const NOT_RUN_FOLDERS = new Set(["test", "tests", "__tests__", "docs", "example", "examples", "benchmark"]);

/** Credentials and settings of tools, which some packages are published with by accident. */
const NEVER = new Set([
  ".npmrc",
  ".env",
  ".package-lock.json",
  ".bin",
  ".cache",
  ".github",
  ".vscode",
  ".git",
]);

/**
 * The files of a node_modules that a server needs on a platform.
 * @param files relative to node_modules
 */
export async function prune(files: readonly FoundFile[], platform: Platform): Promise<FoundFile[]> {
  const kept: FoundFile[] = [];
  for (const file of files) {
    if (!isNeeded(file.path)) continue;
    // A link to a library is as good as what it leads to, which is judged by itself.
    if (isNativeName(file.path) && file.link === undefined && !(await runsOn(file.absolute, platform)))
      continue;
    kept.push(file);
  }
  return withoutDeadLinks(kept);
}

/** Whether a program may read a file when it runs, judged by its path. */
function isNeeded(path: string): boolean {
  const segments = path.split("/");
  if (segments.some((segment) => NEVER.has(segment))) return false;
  const inPackage = segments.slice(packageDepth(segments));
  if (inPackage.length > 1 && NOT_RUN_FOLDERS.has(inPackage[0] as string)) return false;
  const name = basename(path);
  return LEGAL.test(name) || !NOT_RUN.test(name);
}

/** How many segments lead to the root of the package that a file is in. */
function packageDepth(segments: readonly string[]): number {
  const at = segments.lastIndexOf("node_modules") + 1;
  return at + (segments[at]?.startsWith("@") === true ? 2 : 1);
}

function withoutDeadLinks(files: readonly FoundFile[]): FoundFile[] {
  const paths = new Set(files.map(({ path }) => path));
  return files.filter(({ path, link }) => {
    if (link === undefined) return true;
    const target = [...path.split("/").slice(0, -1), ...link.split("/")];
    const real: string[] = [];
    for (const segment of target) {
      if (segment === "..") real.pop();
      else if (segment !== ".") real.push(segment);
    }
    const way = real.join("/");
    return paths.has(way) || [...paths].some((each) => each.startsWith(`${way}/`));
  });
}
