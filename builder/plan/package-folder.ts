import { readFileSync, readdirSync, realpathSync, statSync } from "node:fs";
import { dirname, join, sep } from "node:path";

/** What of a package.json is looked at. */
export interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly main?: string;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly gypfile?: boolean;
  readonly binary?: unknown;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly workspaces?: unknown;
}

/** The package.json of a folder; undefined where there is none that can be read. */
export function readManifest(folder: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  } catch {
    return undefined;
  }
}

/** The folder of the package that a file is in: below the last node_modules of its path. Undefined: in none. */
export function packageFolderOf(file: string): string | undefined {
  const segments = file.split(sep);
  const at = segments.lastIndexOf("node_modules");
  if (at === -1 || segments[at + 1] === undefined) return undefined;
  return segments.slice(0, at + (segments[at + 1]?.startsWith("@") === true ? 3 : 2)).join(sep);
}

/** The package that an import names: `@scope/name/part` is of `@scope/name`. Undefined for a path or a builtin. */
export function packageOfImport(specifier: string): string | undefined {
  if (/^[./#]|^\w+:/.test(specifier)) return undefined;
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

/** An installed package, found as Node does: in the node_modules of the folder and of those above it. */
export function findInstalled(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (isFolder(candidate)) return candidate;
    if (folder === dirname(folder)) return undefined;
  }
}

/** The nearest folder with a file of a name, from a folder upwards. */
export function findUpwards(file: string, from: string): string | undefined {
  for (let folder = realpathSync(from); ; folder = dirname(folder)) {
    if (isFile(join(folder, file))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

/** Names of what is in a folder; none where it cannot be read. */
export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
