import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { KtsError } from "../../contract/errors.ts";
import { type Platform, platformName } from "./build-plan.ts";
import { isNativeName, runsOn } from "./native-file.ts";
import { type Manifest, findInstalled, namesIn, readManifest } from "./package-folder.ts";
import { walk } from "./walk.ts";

/** Where packages that have been built already may be taken from. */
export interface BuiltPackages {
  /** Folders whose node_modules may have them, best first. */
  readonly from: readonly string[];
  readonly platform: Platform;
  readonly warn: (warning: string) => void;
}

const BUILDS = /\b(node-gyp|node-pre-gyp|prebuild-install|prebuildify|cmake-js|node-gyp-build)\b/;

/**
 * Deals with the packages that have scripts to run when they are installed, none of which was run: they may do
 * anything, and would do it for this machine. What has its native code for the platform needs none. What was to be
 * compiled is taken from where the project has it installed, for the same platform. Of others a warning tells.
 *
 * @param stage the folder with the node_modules that npm made
 * @throws KtsError KTS_BUILD_INPUT for a package whose native code cannot be had
 */
export async function settleInstallScripts(stage: string, built: BuiltPackages): Promise<void> {
  for (const { path, folder, manifest } of await packagesWithScripts(stage)) {
    const name = `${manifest.name}@${manifest.version}`;
    if ((await hasNative(folder, built.platform)) || hasPlatformPackage(folder, manifest)) continue;
    if (!compiles(folder, manifest)) {
      built.warn(`the install script of ${name} was not run; its other files are in the image`);
      continue;
    }
    const copy = await builtCopy(manifest, built);
    if (copy === undefined) throw notBuilt(name, built.platform);
    await cp(copy, join(stage, path), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (source) => source !== join(copy, "node_modules"),
    });
  }
}

interface ScriptedPackage {
  readonly path: string;
  readonly folder: string;
  readonly manifest: Manifest;
}

/** npm's own list of what it installed says which have scripts. */
async function packagesWithScripts(stage: string): Promise<ScriptedPackage[]> {
  const text = await readFile(join(stage, "node_modules/.package-lock.json"), "utf8").catch(() => "{}");
  const { packages = {} } = JSON.parse(text) as { packages?: Record<string, { hasInstallScript?: boolean }> };
  const found: ScriptedPackage[] = [];
  for (const [path, { hasInstallScript }] of Object.entries(packages)) {
    const folder = join(stage, path);
    const manifest = hasInstallScript === true ? readManifest(folder) : undefined;
    if (manifest !== undefined) found.push({ path, folder, manifest });
  }
  return found;
}

async function hasNative(folder: string, platform: Platform): Promise<boolean> {
  const files = await walk(folder, (path) => path === "node_modules" || path === "deps/include");
  for (const { path, absolute, link } of files) {
    // What a compiler left in obj.target is no addon.
    if (
      link === undefined &&
      isNativeName(path) &&
      path.endsWith(".node") &&
      (await runsOn(absolute, platform))
    ) {
      return true;
    }
  }
  return false;
}

/** The packages of other platforms are not installed, so that one which is there is the right one. */
function hasPlatformPackage(folder: string, { optionalDependencies = {} }: Manifest): boolean {
  return Object.keys(optionalDependencies).some((name) => {
    const found = findInstalled(name, folder);
    return found !== undefined && (readManifest(found)?.cpu?.length ?? 0) > 0;
  });
}

function compiles(folder: string, { binary, gypfile, scripts = {} }: Manifest): boolean {
  if (binary !== undefined || gypfile === true || namesIn(folder).includes("binding.gyp")) return true;
  return ["preinstall", "install", "postinstall"].some((name) => BUILDS.test(scripts[name] ?? ""));
}

async function builtCopy(
  { name = "", version }: Manifest,
  { from, platform }: BuiltPackages,
): Promise<string | undefined> {
  for (const folder of from) {
    const copy = findInstalled(name, folder);
    if (copy === undefined || readManifest(copy)?.version !== version) continue;
    if (await hasNative(copy, platform)) return copy;
  }
  return undefined;
}

function notBuilt(name: string, platform: Platform): KtsError {
  return new KtsError(
    "KTS_BUILD_INPUT",
    `${name} has native code that its install script makes, and there is none for ${platformName(platform)}`,
    {
      hint: `Install it in the project on ${platformName(platform)}, so that its files can be taken from there, or use a package that brings prebuilt code.`,
    },
  );
}
