import { readFile, readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { KtsError, isKtsError, messageOf } from "../../contract/errors.ts";

/** The names a config file may have. */
export const CONFIG_FILES: readonly string[] = ["ts", "mts", "js", "mjs", "json", "yaml", "yml"].map(
  (extension) => `kserve.config.${extension}`,
);

/**
 * Path of a folder's config file; undefined where there is none, be it for want of the folder.
 * @throws KtsError KTS_CONFIG_INVALID when there are several
 */
export async function findConfigFile(folder: string): Promise<string | undefined> {
  const names = await readdir(folder).catch((): string[] => []);
  const found = CONFIG_FILES.filter((name) => names.includes(name));
  if (found.length > 1) {
    throw new KtsError("KTS_CONFIG_INVALID", `${folder} has ${found.join(" and ")}, expected one of them`);
  }
  return found[0] === undefined ? undefined : join(resolve(folder), found[0]);
}

/**
 * What a config file says: JSON and YAML as they are, the default export of a module, else its named ones.
 * @param path absolute
 * @param generation how often it was read before by this process (see `ModelSource.generation`)
 * @throws KtsError KTS_CONFIG_INVALID when it cannot be read
 */
export async function loadConfigFile(path: string, generation = 0): Promise<unknown> {
  try {
    if (path.endsWith(".json")) return JSON.parse(await readFile(path, "utf8")) as unknown;
    if (/\.ya?ml$/.test(path)) return await readYaml(path);
    const { loadModule } = await import("../models/load-module.ts");
    const { default: config, ...named } = await loadModule(path, generation);
    return config ?? named;
  } catch (error) {
    const message = isKtsError(error) ? error.message : `${basename(path)}: ${messageOf(error)}`;
    throw new KtsError("KTS_CONFIG_INVALID", message, { cause: error });
  }
}

/** An empty document says nothing, like a file that is not there. */
async function readYaml(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8");
  const { parse } = await import("yaml");
  return (parse(text) as unknown) ?? {};
}
