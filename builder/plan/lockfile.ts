import { readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { KtsError, messageOf } from "../../contract/errors.ts";

/** One installed package of a package-lock.json, as far as we look at it. */
export interface LockEntry {
  readonly name?: string;
  readonly version?: string;
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly hasInstallScript?: boolean;
  readonly link?: boolean;
  readonly [member: string]: unknown;
}

/** Entries by where they are installed, relative to the lockfile: `node_modules/a/node_modules/b`. */
export type LockedPackages = Readonly<Record<string, LockEntry>>;

/** A project's lockfile. */
export interface Lockfile {
  /** The folder it is in. */
  readonly folder: string;
  readonly packages: LockedPackages;
}

/**
 * Reads the package-lock.json, or npm-shrinkwrap.json, of a folder.
 * @throws KtsError KTS_BUILD_INPUT when it cannot be read, or is of npm 6
 */
export function readLockfile(folder: string, file: string): Lockfile {
  const path = join(folder, file);
  let lock: { readonly packages?: LockedPackages };
  try {
    lock = JSON.parse(readFileSync(path, "utf8")) as typeof lock;
  } catch (error) {
    throw new KtsError("KTS_BUILD_INPUT", `${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  if (lock.packages !== undefined) return { folder, packages: lock.packages };
  throw new KtsError("KTS_BUILD_INPUT", `${path} is of npm 6 or older`, {
    hint: "Run npm install with npm 7 or newer, which writes it anew.",
  });
}

/** Where a lockfile has an installed package; undefined where it does not. */
export function lockedAt({ folder, packages }: Lockfile, installed: string): string | undefined {
  const key = relative(folder, installed).split(sep).join("/");
  return packages[key] === undefined || packages[key].link === true ? undefined : key;
}

/**
 * The part of a lockfile that some packages need, these at its top: what npm is given to install.
 * @param roots where the lockfile has each of them, by name
 * @throws KtsError KTS_BUILD_INPUT when two of them cannot both be at the top
 */
export function partOfLockfile(
  { packages }: Lockfile,
  roots: ReadonlyMap<string, string>,
): { readonly dependencies: Record<string, string>; readonly packages: Record<string, LockEntry> } {
  const required = reach(packages, [...roots.values()], (entry) => requiredOf(entry));
  const all = reach(packages, [...roots.values()], (entry) => [
    ...requiredOf(entry),
    ...Object.keys(entry.optionalDependencies ?? {}),
  ]);
  const moved = movesToTop(roots);
  const part: Record<string, LockEntry> = {};
  for (const key of [...all].sort()) {
    const {
      dev: _dev,
      devOptional: _devOptional,
      peer: _peer,
      optional: _optional,
      ...entry
    } = packages[key] as LockEntry;
    const place = moved(key);
    if (part[place] !== undefined) {
      throw new KtsError(
        "KTS_BUILD_INPUT",
        `two versions of ${place.slice("node_modules/".length)} are needed at once`,
        {
          hint: "Run npm dedupe, or ask for one version of it.",
        },
      );
    }
    part[place] = required.has(key) ? entry : { ...entry, optional: true };
  }
  const dependencies = [...roots].map(
    ([name, key]) => [name, specOf(name, packages[key] as LockEntry)] as const,
  );
  return {
    dependencies: Object.fromEntries(dependencies.sort(([a], [b]) => (a < b ? -1 : 1))),
    packages: part,
  };
}

function requiredOf({
  dependencies = {},
  peerDependencies = {},
  peerDependenciesMeta = {},
  optionalDependencies = {},
}: LockEntry): string[] {
  const peers = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true);
  return [...Object.keys(dependencies), ...peers].filter((name) => optionalDependencies[name] === undefined);
}

function reach(
  packages: LockedPackages,
  roots: readonly string[],
  next: (entry: LockEntry) => readonly string[],
): ReadonlySet<string> {
  const reached = new Set<string>(roots);
  for (const key of reached) {
    for (const name of next(packages[key] as LockEntry)) {
      const found = resolveIn(packages, key, name);
      if (found !== undefined) reached.add(found);
    }
  }
  return reached;
}

/** As Node resolves: in the package's own node_modules, then in those above it. */
function resolveIn(packages: LockedPackages, from: string, name: string): string | undefined {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf("node_modules/") - 1))) {
    const key = at === "" ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (packages[key] !== undefined) return key;
    if (at === "") return undefined;
  }
}

function movesToTop(roots: ReadonlyMap<string, string>): (key: string) => string {
  return (key) => {
    for (const [name, root] of roots) {
      if (key === root || key.startsWith(`${root}/`)) return `node_modules/${name}${key.slice(root.length)}`;
    }
    return key.slice(Math.max(0, key.indexOf("node_modules/")));
  };
}

function specOf(name: string, { name: realName, version, resolved }: LockEntry): string {
  if (resolved?.startsWith("git") === true) return resolved;
  return realName === undefined || realName === name ? (version as string) : `npm:${realName}@${version}`;
}
