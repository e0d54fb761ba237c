import { copyFile, mkdir, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { KtsError, messageOf } from "../../contract/errors.ts";
import { createSbom } from "../sbom.ts";
import type { PlannedFile, Platform } from "./build-plan.ts";
import { hashData } from "./hash.ts";
import { IMAGE_PATHS } from "./image-paths.ts";
import { settleInstallScripts } from "./install-scripts.ts";
import { type Lockfile, lockedAt, partOfLockfile, readLockfile } from "./lockfile.ts";
import { plannedFile } from "./model-layer.ts";
import { runNpm } from "./npm.ts";
import { findUpwards, namesIn, readManifest } from "./package-folder.ts";
import { prune } from "./prune.ts";
import { walk } from "./walk.ts";

/** What is to be staged. */
export interface DependencyInput {
  /** Packages by name, with the folder each is installed in. */
  readonly packages: ReadonlyMap<string, string>;
  readonly projectFolder: string;
  /** From where packages come that the project does not have itself. */
  readonly packageFolder: string;
  readonly platform: Platform;
  /** Where staged packages are kept. */
  readonly cacheFolder: string;
  readonly signal: AbortSignal | undefined;
  readonly say: (line: string) => void;
  readonly warn: (warning: string) => void;
}

/** What was staged. */
export interface StagedDependencies {
  readonly files: readonly PlannedFile[];
  /** As CycloneDX JSON; undefined where nothing was staged, or npm cannot list it. */
  readonly sbom: Uint8Array | undefined;
}

/** Raised when the same input is to give other files, so that what older versions kept is not used. */
const FORMAT = 1;

const NPM_CPU = { amd64: "x64", arm64: "arm64" } as const;

/**
 * The packages that a bundle imports, with what they need in turn: installed by npm for the platform of the image, in
 * the versions of the project's lockfile, without running any script, and without what other platforms need. What was
 * installed once is kept.
 *
 * @returns the files of /app/node_modules, and the list of them
 * @throws KtsError KTS_BUILD_INPUT, KTS_BUILD_FAILED with npm's last lines, KTS_CANCELLED
 */
export async function stageDependencies(input: DependencyInput): Promise<StagedDependencies> {
  if (input.packages.size === 0) return { files: [], sbom: undefined };
  const stage = await stagedFolder(input);
  const root = join(stage, "node_modules");
  const files = await walk(root, () => false);
  return {
    files: files.map((file) => plannedFile(file, `${IMAGE_PATHS.app}/node_modules/${file.path}`)),
    sbom: await listOf(stage, input),
  };
}

/** npm's list of what is staged, kept beside it. An image is worth having without it. */
async function listOf(stage: string, { signal, warn }: DependencyInput): Promise<Uint8Array | undefined> {
  const path = join(stage, "sbom.json");
  const kept = await readFile(path).catch(() => undefined);
  if (kept !== undefined) return new Uint8Array(kept);
  try {
    const sbom = await createSbom(stage, signal ?? new AbortController().signal);
    const temporary = `${path}.${process.pid}`;
    await writeFile(temporary, sbom);
    await rename(temporary, path);
    return sbom;
  } catch (error) {
    signal?.throwIfAborted();
    warn(`the image comes without a list of its dependencies: ${messageOf(error)}`);
    return undefined;
  }
}

async function stagedFolder(input: DependencyInput): Promise<string> {
  const { platform, cacheFolder } = input;
  const wanted = whatToInstall(input);
  const key = hashData({ format: FORMAT, wanted, platform }).slice("sha256:".length, "sha256:".length + 24);
  const folder = join(cacheFolder, "dependencies", key);
  if (await exists(folder)) return folder;
  const work = `${folder}.${process.pid}`;
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  try {
    await install(work, wanted, input);
    await rename(work, folder).catch(async (error: unknown) => {
      // Another build was faster.
      if (!(await exists(folder))) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return folder;
}

/** What npm is given: a package.json, and a lockfile where the project has one. */
interface Wanted {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly packages: Readonly<Record<string, unknown>> | undefined;
}

function whatToInstall(input: DependencyInput): Wanted {
  const lock = findLockfile(input.projectFolder);
  const roots = new Map<string, string>();
  for (const [name, folder] of input.packages) {
    const key = lock === undefined ? undefined : lockedAt(lock, folder);
    if (key !== undefined) roots.set(name, key);
  }
  if (lock !== undefined && roots.size === input.packages.size) return partOfLockfile(lock, roots);
  input.warn(
    `the versions of what ${[...input.packages.keys()].join(", ")} need in turn are npm's choice: ${whyNoLockfile(input, lock, roots)}`,
  );
  const dependencies = [...input.packages].map(([name, folder]) => [name, versionOf(name, folder)] as const);
  return { dependencies: Object.fromEntries(dependencies.sort()), packages: undefined };
}

function findLockfile(projectFolder: string): Lockfile | undefined {
  for (const file of ["npm-shrinkwrap.json", "package-lock.json"]) {
    const folder = findUpwards(file, projectFolder);
    if (folder !== undefined) return readLockfile(folder, file);
  }
  return undefined;
}

function whyNoLockfile(
  { projectFolder, packages }: DependencyInput,
  lock: Lockfile | undefined,
  roots: ReadonlyMap<string, string>,
): string {
  if (lock !== undefined) {
    const others = [...packages.keys()].filter((name) => !roots.has(name));
    return `${join(lock.folder, "package-lock.json")} does not have ${others.join(", ")}`;
  }
  const other = ["pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"].find(
    (file) => findUpwards(file, projectFolder) !== undefined,
  );
  if (other !== undefined) return `${other} is not read, only package-lock.json is`;
  return "the project has no package-lock.json";
}

function versionOf(name: string, folder: string): string {
  const version = readManifest(folder)?.version;
  if (version !== undefined) return version;
  throw new KtsError("KTS_BUILD_INPUT", `${folder} has no package.json with a version`, {
    hint: `Run npm install ${name}.`,
  });
}

async function install(work: string, wanted: Wanted, input: DependencyInput): Promise<void> {
  const { platform, projectFolder, packageFolder, signal, say, warn } = input;
  const root = { name: "staged", version: "0.0.0", dependencies: wanted.dependencies };
  await writeFile(join(work, "package.json"), JSON.stringify({ ...root, private: true }));
  if (wanted.packages !== undefined) {
    const lock = { ...root, lockfileVersion: 3, requires: true, packages: { "": root, ...wanted.packages } };
    await writeFile(join(work, "package-lock.json"), JSON.stringify(lock));
  }
  const npmrc = await bringNpmrc(work, projectFolder);
  const target = [`--os=${platform.os}`, `--cpu=${NPM_CPU[platform.architecture]}`, "--libc=glibc"];
  const quiet = ["--no-audit", "--no-fund", "--no-progress", "--loglevel=warn"];
  const command = wanted.packages === undefined ? ["install", "--no-package-lock"] : ["ci"];
  const args = [...command, "--omit=dev", "--ignore-scripts", "--prefer-offline", ...target, ...quiet];
  await runNpm(args, { cwd: work, signal, say });
  if (npmrc !== undefined) await rm(npmrc);
  await settleInstallScripts(work, { from: [projectFolder, packageFolder], platform, warn });
  await removeUnneeded(join(work, "node_modules"), platform);
}

/** The project's registry and its credentials, as long as npm runs. */
async function bringNpmrc(work: string, projectFolder: string): Promise<string | undefined> {
  // As npm reads it: beside the package.json, or at the workspace's root. The user's own is read in any case.
  const folders = ["package.json", "package-lock.json"].map((file) => findUpwards(file, projectFolder));
  const folder = folders.find((each) => each !== undefined && namesIn(each).includes(".npmrc"));
  if (folder === undefined) return undefined;
  const target = join(work, ".npmrc");
  await copyFile(join(folder, ".npmrc"), target);
  return target;
}

async function removeUnneeded(nodeModules: string, platform: Platform): Promise<void> {
  await rm(join(nodeModules, ".bin"), { recursive: true, force: true });
  const all = await walk(await realpath(nodeModules), (path) => basename(path) === ".bin");
  const kept = new Set((await prune(all, platform)).map(({ path }) => path));
  for (const { path } of all) if (!kept.has(path)) await rm(join(nodeModules, path));
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
