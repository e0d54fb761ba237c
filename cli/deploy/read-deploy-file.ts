import { stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { KtsError } from "../../contract/errors.ts";
import type { DeployFile } from "../../deployer/config/parse.ts";
import { findConfigFile, loadConfigFile } from "../../runtime/config/config-file.ts";

/** The deployer's part of a project's config file. */
export interface ProjectFile {
  /** The project's folder: the file's, where there is one. */
  readonly folder: string;
  /** Absolute; undefined: there is none. */
  readonly configFile: string | undefined;
  readonly file: DeployFile | undefined;
}

/**
 * Reads what a config file says of deployments, paths in it made absolute.
 * @param config the file, or a folder that may have one
 * @throws KtsError KTS_CONFIG_INVALID when it cannot be read or means nothing; KTS_USAGE when the path does not exist
 */
export async function readDeployFile(config: string): Promise<ProjectFile> {
  const path = resolve(config);
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined) {
    throw new KtsError("KTS_USAGE", `${config} does not exist`, {
      hint: "Name the config file, or the folder of the project.",
    });
  }
  const configFile = stats.isFile() ? path : await findConfigFile(path);
  if (configFile === undefined) return { folder: path, configFile, file: undefined };
  const value = await loadConfigFile(configFile);
  // The schema's library takes a while to load: not where there is nothing to check.
  const [{ parseDeployFile }, { absoluteFile }] = await Promise.all([
    import("../../deployer/config/parse.ts"),
    import("../../deployer/config/paths.ts"),
  ]);
  const folder = dirname(configFile);
  return { folder, configFile, file: absoluteFile(parseDeployFile(value, basename(configFile)), folder) };
}
