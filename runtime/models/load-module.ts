import { basename, dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { KtsError, isKtsError } from "../../contract/errors.ts";
import { bundleModule } from "./bundle-module.ts";
import { addBundle, generationUrl, registerResolution } from "./package-resolution.ts";

/** A module's exports by name. */
export type ModuleExports = Readonly<Record<string, unknown>>;

/**
 * Imports a user's module as it is, TypeScript included. What Node cannot run so (enums, imports without an
 * extension, path aliases) is bundled first; that takes esbuild, which is loaded only then.
 *
 * @param path of the module, absolute
 * @param generation how often it was loaded before: above 0 it is read anew, with what it imports by path
 * @throws KtsError KTS_PREDICTOR_INVALID when it does not parse, imports what is not there, or throws
 */
export async function loadModule(path: string, generation = 0): Promise<ModuleExports> {
  registerResolution();
  const file = pathToFileURL(path);
  let failure: unknown;
  try {
    return await importUrl(generationUrl(file.href, generation));
  } catch (error) {
    if (!mayHelpToBundle(error)) throw importFailed(path, error);
    failure = error;
  }
  const code = await bundleModule(file).catch((error: unknown) => {
    // An image has no bundler: what was wrong at first is what there is to tell.
    throw lacksBundler(error) ? importFailed(path, failure) : error;
  });
  try {
    return await importUrl(addBundle(file, code));
  } catch (error) {
    throw importFailed(path, error);
  }
}

async function importUrl(url: string): Promise<ModuleExports> {
  return (await import(/* @vite-ignore */ url)) as ModuleExports;
}

/**
 * Node refuses to link before anything has run, so importing once more runs nothing twice. A SyntaxError may be
 * TypeScript that cannot be stripped, or a type imported as if it were a value.
 */
function mayHelpToBundle(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return (
    error instanceof SyntaxError ||
    code === "ERR_MODULE_NOT_FOUND" ||
    code === "ERR_UNSUPPORTED_DIR_IMPORT" ||
    code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX" ||
    code === "ERR_INVALID_TYPESCRIPT_SYNTAX" ||
    code === "ERR_UNKNOWN_FILE_EXTENSION"
  );
}

function lacksBundler(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return code === "ERR_MODULE_NOT_FOUND" && String(message).includes("'esbuild'");
}

/** What to tell of a module that does not import. */
export function importFailed(path: string, error: unknown): KtsError {
  if (isKtsError(error)) return error;
  const name = basename(path);
  const missing = /^Cannot find (?:package|module) '([^']+)'/.exec(
    (error as Error | null)?.message ?? "",
  )?.[1];
  if (missing !== undefined) {
    return new KtsError("KTS_PREDICTOR_INVALID", `${name} imports ${missing}, which is not there`, {
      cause: error,
      hint: missing.startsWith("/")
        ? "Correct the import's path."
        : `Run npm install ${missing} in ${dirname(path)}.`,
    });
  }
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const place = error instanceof Error ? placeIn(dirname(path), error.stack ?? "") : undefined;
  return new KtsError(
    "KTS_PREDICTOR_INVALID",
    `${name} threw while it was imported: ${what}${place === undefined ? "" : ` (${place})`}`,
    { cause: error, hint: "Correct the module." },
  );
}

/** The innermost place of a stack within a folder, as `file:line:column`. */
export function placeIn(folder: string, stack: string): string | undefined {
  for (const [, url, position] of stack.matchAll(
    /(file:\/\/[^\s():?]+|\/[^\s():?]+)(?:\?[^:\s]*)?:(\d+:\d+)/g,
  )) {
    if (url === undefined || position === undefined) continue;
    const path = url.startsWith("file:") ? fileURLToPath(url) : url;
    if (path.startsWith(`${folder}/`)) return `${path.slice(folder.length + 1)}:${position}`;
  }
  return undefined;
}
