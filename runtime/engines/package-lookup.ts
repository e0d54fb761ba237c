import { createRequire } from "node:module";
import { join } from "node:path";

/** A package that was found: how to require it, and the file that requiring it runs. */
export interface FoundPackage {
  readonly require: NodeJS.Require;
  readonly path: string;
}

/**
 * Where each of the folders (best first), and last of all we ourselves, would resolve packages from. The project's
 * own copy comes before ours, so that the project chooses the version.
 */
export function requiresOf(folders: readonly string[]): NodeJS.Require[] {
  return [...folders.map((folder) => join(folder, "resolve.js")), import.meta.url].map((from) =>
    createRequire(from),
  );
}

/** A package as one folder resolves it; undefined where it is not installed. */
export function findPackage(require: NodeJS.Require, name: string): FoundPackage | undefined {
  try {
    return { require, path: require.resolve(name) };
  } catch {
    return undefined;
  }
}
