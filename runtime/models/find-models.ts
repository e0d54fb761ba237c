import { resolve } from "node:path";
import { isKtsError } from "../../contract/errors.ts";
import { type DiscoverOptions, discoverModel } from "./discover.ts";
import { modelFolders } from "./model-store.ts";

/** What a path to serve holds. */
export type Served =
  | {
      readonly kind: "model";
      readonly name: string;
      readonly path: string;
      readonly discover: DiscoverOptions;
    }
  | { readonly kind: "repository"; readonly root: string };

/**
 * Whether a path is one model or a repository of several.
 *
 * What is a model by itself (a predictor in the folder, or a model file where `discoverModel` looks) is served as that
 * one. Else the model directory is: as one model if it is one, or as a repository if it has folders that are models;
 * else the folder is a repository if it has such folders; else what a cluster mounted is.
 *
 * @throws KtsError as {@link discoverModel} does when there is nothing of all this
 */
export async function findModels(path: string, options: DiscoverOptions = {}): Promise<Served> {
  const { modelDir, modelName, remote } = options;
  const named = modelName === undefined ? {} : { modelName };
  try {
    const { name } = await discoverModel(path, options);
    return { kind: "model", name, path: resolve(path), discover: options };
  } catch (error) {
    if (!isKtsError(error) || error.code !== "KTS_PREDICTOR_NOT_FOUND") throw error;
    // A transformer is one model, and any folder can be one: there is nothing else to look for.
    if (remote !== undefined) throw error;
    const roots = modelDir === undefined ? [path, options.mountedDir ?? "/mnt/models"] : [modelDir];
    for (const root of roots.filter((candidate) => candidate !== "").map((candidate) => resolve(candidate))) {
      const own = await discoverModel(root, { ...named, mountedDir: "" }).catch(() => undefined);
      if (own !== undefined) return { kind: "model", name: own.name, path: root, discover: {} };
      if ((await modelFolders(root)).length > 0) return { kind: "repository", root };
    }
    throw error;
  }
}
