import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { ModelInput, PlanInput } from "../../builder/index.ts";
import { KtsError } from "../../contract/errors.ts";
import { readConfig } from "../../runtime/config/read-config.ts";
import { discoverModel } from "../../runtime/models/discover.ts";
import { findModels } from "../../runtime/models/find-models.ts";
import type { ModelSource } from "../../runtime/models/source.ts";
import { ownFiles } from "./own-files.ts";

/** The word of `--model` that leaves the model out. */
const NO_MODEL = "none";

/** What the command line says of a project. */
export interface ProjectOptions {
  /** A folder, a file, or `none`. */
  readonly model: string | undefined;
  readonly name: string | undefined;
}

/**
 * What a folder has to build an image of: found and named as `serve` does, but for what a cluster mounted.
 * @param dir the folder, or the path of a predictor or model file
 * @throws KtsError as `serve` does; KTS_BUILD_INPUT for what cannot be in an image yet
 */
export async function projectInput(dir: string, { model, name }: ProjectOptions): Promise<PlanInput> {
  const projectFolder = await folderOf(dir);
  const config = await readConfig(projectFolder);
  const modelName = name ?? config.server?.modelName;
  const modelDir =
    model === undefined || model === NO_MODEL ? config.server?.modelDir : await folderOf(model);
  const discover = {
    mountedDir: "",
    ...(modelName !== undefined && { modelName }),
    ...(modelDir !== undefined && { modelDir }),
  };
  const common = { projectFolder, config: { ...config }, own: ownFiles() };
  const served = await findModels(dir, discover);
  if (served.kind === "repository") {
    await refusePredictorsIn(served.root);
    const repository = { kind: "folder", folder: served.root, modelFile: undefined } as const;
    return { ...common, predictorPath: undefined, model: repository, modelName: undefined };
  }
  const source = await discoverModel(served.path, { ...served.discover, modelName: served.name });
  const { predictorPath } = source;
  if (
    predictorPath !== undefined &&
    predictorPath.startsWith(`${source.modelDir}/`) &&
    source.version !== undefined
  ) {
    throw notYet(
      `${predictorPath} is the predictor of one version`,
      "Put one predictor beside the versions.",
    );
  }
  const chosen = await modelInput(projectFolder, model, source);
  if (chosen.kind === "none" && predictorPath === undefined) {
    throw new KtsError(
      "KTS_BUILD_INPUT",
      `${dir} has no predictor, and without a model there is nothing to serve`,
      {
        hint: "Leave --model out, or write a predictor.",
      },
    );
  }
  return { ...common, predictorPath, model: chosen, modelName: source.name };
}

async function modelInput(
  projectFolder: string,
  given: string | undefined,
  { modelFile, modelDir, version }: ModelSource,
): Promise<ModelInput> {
  if (given === NO_MODEL) return { kind: "none" };
  if (given !== undefined) {
    const path = resolve(given);
    const isFile = (await stat(path)).isFile();
    return isFile ? { kind: "file", modelFile: path } : { kind: "folder", folder: path, modelFile };
  }
  const folder = version === undefined ? modelDir : dirname(modelDir);
  if (folder !== projectFolder) return { kind: "folder", folder, modelFile };
  if (version !== undefined) {
    throw notYet(`${projectFolder} has the folders of versions beside other files`, "Put them into model/.");
  }
  return modelFile === undefined ? { kind: "none" } : { kind: "file", modelFile };
}

async function folderOf(path: string): Promise<string> {
  const absolute = resolve(path);
  const stats = await stat(absolute).catch(() => undefined);
  if (stats === undefined) {
    throw new KtsError("KTS_PREDICTOR_NOT_FOUND", `${path} does not exist`, {
      hint: "Give the folder of a predictor or model.",
    });
  }
  return stats.isFile() ? dirname(absolute) : absolute;
}

async function refusePredictorsIn(root: string): Promise<void> {
  for (const entry of await readdir(root, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const names = await readdir(join(root, entry.name));
    const predictor = names.find((name) => /^predictor\.m?[jt]s$/.test(name));
    if (predictor === undefined) continue;
    throw notYet(`the model ${entry.name} of ${basename(root)} has a predictor`, "Build an image of each.");
  }
}

function notYet(what: string, hint: string): KtsError {
  return new KtsError("KTS_BUILD_INPUT", `${what}, which an image cannot have`, { hint });
}
