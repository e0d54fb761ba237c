import { readdir } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { KtsError, messageOf } from "../../contract/errors.ts";
import { MOST_LABEL, serviceNameProblem } from "../../deployer/config/names.ts";

/** Where a project goes, and what it is called. */
export interface ProjectFolder {
  /** Absolute. */
  readonly path: string;
  /** The last part of the path: the name of the package, of the model and of the InferenceService. */
  readonly name: string;
}

/** @throws KtsError KTS_USAGE when the last part of the path is no name for a model */
export function projectFolder(path: string): ProjectFolder {
  const problem = nameProblem(path);
  if (problem !== undefined) throw new KtsError("KTS_USAGE", problem);
  return { path: resolve(path), name: basename(resolve(path)) };
}

/** Why a project cannot be at a path; undefined where it can. The package and the InferenceService share the name. */
export function nameProblem(path: string): string | undefined {
  const name = basename(resolve(path));
  const expected =
    name.length > MOST_LABEL ? `a name of at most ${MOST_LABEL} characters` : serviceNameProblem(name);
  return expected === undefined
    ? undefined
    : `the project's name is ${JSON.stringify(name)}, expected ${expected}`;
}

/** What a folder may have before a project is written into it: a repository that was cloned empty. */
const HARMLESS: readonly string[] = [".git"];

/** Names a message lists at most. */
const MOST_NAMED = 5;

/**
 * The names of what a folder has; none where it is not there.
 * @throws KtsError KTS_USAGE when it is a file, or cannot be read
 */
export async function contentsOf(folder: string): Promise<readonly string[]> {
  try {
    const names = await readdir(folder);
    return names.filter((name) => !HARMLESS.includes(name)).toSorted();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    const why = code === "ENOTDIR" ? "it is a file, or would lie in one" : messageOf(error);
    throw new KtsError("KTS_USAGE", `${folder} cannot be the project's folder: ${why}`);
  }
}

/** Names as a message lists them. */
export function listed(names: readonly string[]): string {
  const rest = names.length - MOST_NAMED;
  return rest > 0 ? `${names.slice(0, MOST_NAMED).join(", ")} and ${rest} more` : names.join(", ");
}
