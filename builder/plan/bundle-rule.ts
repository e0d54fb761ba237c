import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type Manifest, findInstalled, readManifest } from "./package-folder.ts";

/** Engines, and what finds its native half in ways that no rule sees. */
const NEVER_BUNDLED = new Set(["onnxruntime-node", "@tensorflow/tfjs-node", "@tensorflow/tfjs-node-gpu"]);

/** Packages are not looked through further than this. */
const MOST_FILES = 4_000;

/**
 * Why a package cannot be in a bundle; undefined when it can: it has native code, is for some platforms only, or
 * brings packages that are (as sharp does), or files beside its code that are read when it runs.
 * @param folder of the package
 */
export function whyNotBundled(name: string, folder: string): string | undefined {
  if (NEVER_BUNDLED.has(name)) return "it is an engine with native code";
  const manifest = readManifest(folder);
  if (manifest === undefined) return undefined;
  if (isForPlatforms(manifest)) return "it is made for some platforms only";
  if (manifest.gypfile === true || manifest.binary !== undefined) return "it has native code";
  const file = nativeFileIn(folder);
  if (file !== undefined) return `it has ${file}`;
  const part = Object.keys(manifest.optionalDependencies ?? {}).find((each) =>
    isPlatformPackage(each, folder),
  );
  return part === undefined ? undefined : `it has a package for each platform (${part})`;
}

/**
 * Why the code of a package's file does not work from within a bundle: it looks for something beside itself. Undefined
 * when it does not.
 */
export function whyNotMoved(code: string): string | undefined {
  const found =
    /\b(__dirname|__filename|import\.meta\.(?:url|dirname|filename)|require\.resolve|new Worker)\b/.exec(
      code,
    );
  return found === null ? undefined : `its code uses ${found[1]}`;
}

function isForPlatforms({ os, cpu, libc }: Manifest): boolean {
  return [os, cpu, libc].some((list) => Array.isArray(list) && list.length > 0);
}

/** Installed only where it fits; where it does not, its name is all there is to judge by. */
function isPlatformPackage(name: string, from: string): boolean {
  const folder = findInstalled(name, from);
  const manifest = folder === undefined ? undefined : readManifest(folder);
  if (manifest !== undefined) return isForPlatforms(manifest);
  return /(linux|darwin|win32|windows|freebsd|android)\W*(x64|arm64|arm|ia32|x86_64|aarch64)?/.test(name);
}

function nativeFileIn(folder: string): string | undefined {
  let seen = 0;
  const pending = [""];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const entry of readdirSync(join(folder, at), { withFileTypes: true })) {
      if (++seen > MOST_FILES) return undefined;
      const path = at === "" ? entry.name : `${at}/${entry.name}`;
      if (entry.isDirectory() && entry.name !== "node_modules") pending.push(path);
      else if (/\.(node|wasm)$/.test(entry.name) || entry.name === "binding.gyp") return path;
    }
  }
  return undefined;
}
