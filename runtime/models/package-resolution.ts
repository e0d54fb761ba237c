import { type RegisterHooksOptions, type ResolveFnOutput, registerHooks } from "node:module";
import { RUNS_FROM_SOURCE, ownEntry } from "../workers/own-entry.ts";

/** What a predictor may import of ours. */
const OWN_PACKAGES: Readonly<Record<string, string>> = {
  "kserve-ts": ownEntry("contract"),
  "kserve-ts/client": ownEntry("client"),
};

/** The bundles made of modules that Node cannot run as they are, by the URL they are imported by. */
const bundles = new Map<string, string>();

let registered = false;

/**
 * Lets a predictor import `kserve-ts` where its project has not installed it (a folder with nothing but a
 * predictor.ts), and serves bundles by URL. The project's own copy wins where there is one.
 */
export function registerResolution(): void {
  if (registered) return;
  registered = true;
  registerHooks({ resolve: resolveOwnPackage, load: loadBundle });
}

/**
 * Makes a bundle importable.
 * @param file the module it was made of; relative URLs and bare imports resolve from there
 * @returns the URL to import
 */
export function addBundle(file: URL, code: string): string {
  const url = `${file.href}?bundle=${bundles.size}`;
  bundles.set(url, code);
  return url;
}

/** Marks the URL of a module, and of those it imports by path, as read anew. */
const GENERATION = "kserve-ts-generation";

/** The URL by which a thread that has imported a module before reads it again. */
export function generationUrl(url: string, generation: number): string {
  return generation === 0 ? url : `${url}?${GENERATION}=${generation}`;
}

/** What changed code imports by path may have changed with it; packages have not. */
function sameGeneration(resolved: ResolveFnOutput, parentUrl: string | undefined): ResolveFnOutput {
  const { url } = resolved;
  const query = parentUrl?.split("?")[1];
  if (query?.startsWith(GENERATION) !== true || !url.startsWith("file:") || url.includes("?"))
    return resolved;
  return url.includes("/node_modules/") ? resolved : { ...resolved, url: `${url}?${query}` };
}

const resolveOwnPackage: NonNullable<RegisterHooksOptions["resolve"]> = (specifier, context, next) => {
  const own = OWN_PACKAGES[specifier];
  if (own === undefined) return sameGeneration(next(specifier, context), context.parentURL);
  // Within our own repository the name leads to the last build, which may be old or absent.
  if (RUNS_FROM_SOURCE) return { url: own, shortCircuit: true };
  try {
    const resolved = next(specifier, context);
    return isOtherBundle(resolved.url, own) ? { url: own, shortCircuit: true } : resolved;
  } catch (error) {
    if (!isMissing(error)) throw error;
    return { url: own, shortCircuit: true };
  }
};

const loadBundle: NonNullable<RegisterHooksOptions["load"]> = (url, context, next) => {
  const code = bundles.get(url);
  if (code === undefined) return next(url, context);
  return { format: "module", source: code, shortCircuit: true };
};

/** In a worker our own package's name leads to the bundle beside the worker's, whose classes are others. */
function isOtherBundle(url: string, own: string): boolean {
  return url === new URL(`../${own.slice(own.lastIndexOf("/") + 1)}`, own).href;
}

function isMissing(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return (
    code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND" || code === "ERR_PACKAGE_PATH_NOT_EXPORTED"
  );
}
