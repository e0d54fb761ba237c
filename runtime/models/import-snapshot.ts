import { type RegisterHooksOptions, registerHooks } from "node:module";
import type { CodeSnapshot, SnapshotModule } from "./code-snapshot.ts";
import { type ModuleExports, importFailed } from "./load-module.ts";
import { registerResolution } from "./package-resolution.ts";

/** Every module of a snapshot that this thread was given. A thread cannot give one up that it has run. */
const modules = new Map<string, SnapshotModule>();

let registered = false;

/**
 * Imports the predictor's module of a snapshot. What this thread has imported before under the same URL it has still.
 * @param path of the predictor's module, for messages
 * @throws KtsError KTS_PREDICTOR_INVALID when it imports what is not there, or throws
 */
export async function importSnapshot(snapshot: CodeSnapshot, path: string): Promise<ModuleExports> {
  registerResolution();
  if (!registered) {
    registered = true;
    registerHooks({ resolve: resolveImport, load: loadSource });
    process.setSourceMapsEnabled(true);
  }
  for (const module of snapshot.modules) modules.set(module.url, module);
  try {
    return (await import(/* @vite-ignore */ snapshot.entry)) as ModuleExports;
  } catch (error) {
    throw importFailed(path, error);
  }
}

const resolveImport: NonNullable<RegisterHooksOptions["resolve"]> = (specifier, context, next) => {
  const own = context.parentURL === undefined ? undefined : modules.get(context.parentURL);
  const url = own !== undefined && Object.hasOwn(own.imports, specifier) ? own.imports[specifier] : undefined;
  const module = modules.get(url ?? specifier);
  if (module === undefined) return next(specifier, context);
  const { format } = module;
  // An import of JSON runs with or without its attribute, as it does once it is bundled for an image.
  const importAttributes = format === "json" ? { type: "json" } : {};
  return { url: module.url, format, importAttributes, shortCircuit: true };
};

const loadSource: NonNullable<RegisterHooksOptions["load"]> = (url, context, next) => {
  const module = modules.get(url);
  if (module === undefined) return next(url, context);
  return { format: module.format, source: module.source, shortCircuit: true };
};
