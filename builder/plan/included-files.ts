import { readFile } from "node:fs/promises";
import { join, matchesGlob } from "node:path";
import { KtsError } from "../../contract/errors.ts";
import type { PlannedFile } from "./build-plan.ts";
import { guardFiles } from "./context-guard.ts";
import { readIgnoreRules } from "./ignore-rules.ts";
import { IMAGE_PATHS } from "./image-paths.ts";
import { plannedFile } from "./model-layer.ts";
import { walk } from "./walk.ts";

/** What the user's further files are chosen by. */
export interface IncludeOptions {
  /** Patterns relative to the project's folder. A folder's name takes all that is in it. */
  readonly include: readonly string[];
  readonly allowLarge: readonly string[];
  readonly warn: (warning: string) => void;
}

/**
 * The project's files that the user wants beside the predictor, at the same relative paths below /app. What
 * `.dockerignore` names is left out.
 * @throws KtsError KTS_BUILD_INPUT when a pattern finds nothing, and as the guard of the context says
 */
export async function includedFiles(project: string, options: IncludeOptions): Promise<PlannedFile[]> {
  const patterns = options.include.map((pattern) => pattern.replace(/^\.\//, "").replace(/\/+$/, ""));
  if (patterns.length === 0) return [];
  const outside = patterns.find((pattern) => pattern.startsWith("/") || pattern.split("/").includes(".."));
  if (outside !== undefined) {
    throw new KtsError("KTS_BUILD_INPUT", `--include ${outside} leads out of ${project}`, {
      hint: "Name files of the project, relative to its folder.",
    });
  }
  const isIgnored = readIgnoreRules(await readFile(join(project, ".dockerignore"), "utf8").catch(() => ""));
  const matches = (path: string) =>
    patterns.some((pattern) => matchesGlob(path, pattern) || path.startsWith(`${pattern}/`));
  const mayHold = (path: string) => matches(path) || patterns.some((pattern) => reaches(pattern, path));
  const found = await walk(project, (path) => path === "node_modules" || path === ".git" || !mayHold(path));
  const wanted = found.filter(({ path }) => matches(path));
  for (const pattern of patterns) {
    if (wanted.some(({ path }) => matchesGlob(path, pattern) || path.startsWith(`${pattern}/`))) continue;
    throw new KtsError("KTS_BUILD_INPUT", `--include ${pattern} finds no file in ${project}`);
  }
  const allowed = await guardFiles(
    wanted.filter(({ path }) => !isIgnored(path)),
    { ...options, root: project, isModel: () => false, isNamed: ({ path }) => patterns.includes(path) },
  );
  return allowed.map((file) => plannedFile(file, `${IMAGE_PATHS.app}/${file.path}`));
}

/** Whether a folder may hold what a pattern means: its parts match the pattern's first ones. */
function reaches(pattern: string, folder: string): boolean {
  const wanted = pattern.split("/");
  for (const [at, segment] of folder.split("/").entries()) {
    const part = wanted[at];
    if (part === "**") return true;
    if (part === undefined || !matchesGlob(segment, part)) return false;
  }
  return true;
}
