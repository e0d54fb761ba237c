import { basename, dirname, resolve } from "node:path";
import type { KserveConfig } from "../../contract/config.ts";
import { checkConfig } from "./check-config.ts";
import { findConfigFile, loadConfigFile } from "./config-file.ts";

/** Where the deployer's own part may be written too; it has nothing that the server reads. */
const EMPTY: KserveConfig = {};

/**
 * What the config file of a folder says of the server and its models; nothing where there is none.
 * @param generation how often it was read before by this process (see `ModelSource.generation`)
 * @throws KtsError KTS_CONFIG_INVALID when there are several, or it cannot be read, or says what means nothing
 */
export async function readConfig(folder: string, generation = 0): Promise<KserveConfig> {
  const path = await findConfigFile(folder);
  if (path === undefined) return EMPTY;
  const config = checkConfig(await loadConfigFile(path, generation), basename(path));
  const modelDir = config.server?.modelDir;
  const predictor = config.test?.predictor;
  const absolute = (relative: string) => resolve(dirname(path), relative);
  return {
    ...config,
    ...(modelDir !== undefined && { server: { ...config.server, modelDir: absolute(modelDir) } }),
    ...(predictor !== undefined && { test: { ...config.test, predictor: absolute(predictor) } }),
  };
}
