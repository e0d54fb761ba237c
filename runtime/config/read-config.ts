import { readFile, readdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { KserveConfig } from "../../contract/config.ts";
import { KtsError, isKtsError, messageOf } from "../../contract/errors.ts";
import { checkConfig } from "./check-config.ts";

/** The names a config file may have. */
const CONFIG_FILES: readonly string[] = ["ts", "mts", "js", "mjs", "json"].map(
  (extension) => `kserve.config.${extension}`,
);

/** Where the deployer's own part may be written too; it has nothing that the server reads. */
const EMPTY: KserveConfig = {};

/**
 * What the config file of a folder says of the server and its models; nothing where there is none.
 * @param generation how often it was read before by this process (see `ModelSource.generation`)
 * @throws KtsError KTS_CONFIG_INVALID when there are several, or it cannot be read, or says what means nothing
 */
export async function readConfig(folder: string, generation = 0): Promise<KserveConfig> {
  const found = await filesOf(folder);
  const [file, ...others] = found;
  if (file === undefined) return EMPTY;
  if (others.length > 0) {
    throw new KtsError("KTS_CONFIG_INVALID", `${folder} has ${found.join(" and ")}, expected one of them`);
  }
  const path = join(resolve(folder), file);
  const config = checkConfig(await valueOf(path, generation), file);
  const modelDir = config.server?.modelDir;
  if (modelDir === undefined) return config;
  return { ...config, server: { ...config.server, modelDir: resolve(dirname(path), modelDir) } };
}

async function filesOf(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return CONFIG_FILES.filter((name) => names.includes(name));
  } catch {
    return [];
  }
}

async function valueOf(path: string, generation: number): Promise<unknown> {
  try {
    if (path.endsWith(".json")) return JSON.parse(await readFile(path, "utf8")) as unknown;
    const { loadModule } = await import("../models/load-module.ts");
    const { default: config, ...named } = await loadModule(path, generation);
    return config ?? named;
  } catch (error) {
    const message = isKtsError(error) ? error.message : `${basename(path)}: ${messageOf(error)}`;
    throw new KtsError("KTS_CONFIG_INVALID", message, { cause: error });
  }
}
