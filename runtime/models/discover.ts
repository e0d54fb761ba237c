import { basename, dirname, extname, join, resolve } from "node:path";
import { KtsError } from "../../contract/errors.ts";
import { ENGINE_FILES, mayBeModelFile } from "../engines/engine.ts";
import { entriesOf, filesOf, kindOf } from "./folder.ts";
import { type FoundModel, type VersionFolder, findModel } from "./model-files.ts";
import { checkModelName, nameFromPath } from "./model-name.ts";
import { NEAR_MODEL, notFound } from "./not-found.ts";
import { checkedPredictorFile, findPredictor, mayLoad, refuseNearTransformer } from "./predictor-file.ts";
import type { RemoteSettings } from "../remote/settings.ts";
import type { ModelSource } from "./source.ts";

/** What `discoverModel` may be told. */
export interface DiscoverOptions {
  /** The name in the URLs. Default: the folder's own name. */
  readonly modelName?: string;
  /** Folder of the model's files, relative to the working directory. Default: see {@link discoverModel}. */
  readonly modelDir?: string;
  /** Where a cluster mounts a model. Default `/mnt/models`, as KServe's storage initializer has it. Empty: nowhere. */
  readonly mountedDir?: string;
  /** The version to take. Default: the highest. */
  readonly version?: string;
  /** Transformer mode: there need be no model file, and no predictor module either. */
  readonly remote?: RemoteSettings;
}

const MOUNTED_DIR = "/mnt/models";

/** What people call a predictor. */
const NEAR_PREDICTOR = /^(predict(or|ors|er|ion|ions)?|model|handler|index|main)\.[cm]?[jt]sx?$/i;
/**
 * Finds the predictor module and the model file of a folder.
 *
 * The model's files are looked for in `modelDir`, else the folder's `model/`, else the folder itself, else
 * `/mnt/models`; the first that has a file which an engine can load wins. Numbered folders in it that have such a
 * file, or a predictor of their own, are versions, of which the highest is taken. A path to a predictor or model file
 * works in place of a folder.
 *
 * @throws KtsError KTS_PREDICTOR_NOT_FOUND, saying what was looked for; KTS_PREDICTOR_INVALID when there are several;
 * KTS_USAGE for a bad name
 */
export async function discoverModel(path: string, options: DiscoverOptions = {}): Promise<ModelSource> {
  const given = options.modelName === undefined ? undefined : checkModelName(options.modelName);
  const target = resolve(path);
  const kind = await kindOf(target);
  if (kind === undefined)
    throw notFound(`${path} does not exist`, "Give the folder of a predictor or model.");
  const modelDir = options.modelDir === undefined ? undefined : await checkedModelDir(options.modelDir);
  const mountedDir = options.mountedDir ?? MOUNTED_DIR;
  const { remote } = options;

  if (kind === "file" && mayBeModelFile(target)) {
    if (remote !== undefined) throw twoModels(path);
    return {
      name: given ?? nameOfModelFile(target),
      predictorPath: undefined,
      modelFile: target,
      modelDir: modelDir ?? dirname(target),
    };
  }
  const folder = kind === "file" ? dirname(target) : target;
  const shared = kind === "file" ? checkedPredictorFile(target) : await findPredictor(folder);
  if (remote !== undefined) {
    if (shared === undefined) await refuseNearTransformer(folder);
    return {
      name: given ?? nameFromPath(folder),
      predictorPath: shared,
      modelFile: undefined,
      modelDir: modelDir ?? (await folderOfOtherFiles(folder, mountedDir)),
      remote,
    };
  }
  const searched = modelDir === undefined ? foldersOfModel(folder, mountedDir) : [modelDir];
  const found = await findModel(searched, shared !== undefined && (await mayLoad(shared)));
  const chosen = chosenVersion(folder, found, options.version);
  const ofVersion = chosen === undefined || kind === "file" ? undefined : await findPredictor(chosen.path);
  const predictorPath = ofVersion ?? shared;
  if (predictorPath === undefined && found === undefined) throw await nothingFound(folder, searched);
  return {
    name: given ?? nameFromPath(folder),
    predictorPath,
    modelFile: chosen === undefined ? found?.modelFile : chosen.modelFile,
    modelDir: chosen?.path ?? found?.modelDir ?? modelDir ?? (await folderOfOtherFiles(folder, mountedDir)),
    ...(chosen !== undefined && { version: chosen.version }),
  };
}

/**
 * The names of a model's version folders, highest first; none where its files lie in no such folders, or the model is
 * a remote one.
 * @param path of the model's folder
 */
export async function listVersions(path: string, options: DiscoverOptions = {}): Promise<readonly string[]> {
  const target = resolve(path);
  if (options.remote !== undefined || (await kindOf(target)) !== "folder") return [];
  const shared = await findPredictor(target);
  const searched =
    options.modelDir === undefined
      ? foldersOfModel(target, options.mountedDir ?? MOUNTED_DIR)
      : [resolve(options.modelDir)];
  const found = await findModel(searched, shared !== undefined && (await mayLoad(shared)));
  return (found?.versions ?? []).map(({ version }) => version);
}

function foldersOfModel(folder: string, mountedDir: string): string[] {
  return [join(folder, "model"), folder, ...(mountedDir === "" ? [] : [mountedDir])];
}

function chosenVersion(
  folder: string,
  found: FoundModel | undefined,
  wanted: string | undefined,
): VersionFolder | undefined {
  const versions = found?.versions ?? [];
  if (wanted === undefined) return versions[0];
  const chosen = versions.find(({ version }) => version === wanted);
  if (chosen !== undefined) return chosen;
  throw notFound(`${folder} has no version ${wanted}`, "A version is a folder with a number as its name.");
}

function twoModels(path: string): KtsError {
  return new KtsError("KTS_USAGE", `${path} is a model file, but --predictor_host names another model`, {
    hint: "Leave one of the two out; a transformer is served by its folder.",
  });
}

async function checkedModelDir(modelDir: string): Promise<string> {
  const path = resolve(modelDir);
  const kind = await kindOf(path);
  if (kind === "folder") return path;
  const problem = kind === "file" ? "is a file, expected a folder" : "does not exist";
  throw notFound(`the model directory ${modelDir} ${problem}`, "Correct --model_dir.");
}

/** `serve resnet.onnx` is named resnet; `serve iris/model.onnx` and `serve iris/1/saved_model.pb` iris. */
function nameOfModelFile(file: string): string {
  const own = basename(file, extname(file));
  if (own !== "model" && own !== "saved_model") return nameFromPath(own);
  const folder = dirname(file);
  return nameFromPath(/^\d+$/.test(basename(folder)) ? dirname(folder) : folder);
}

/** A predictor with a `load` of its own may read files that no engine knows. */
async function folderOfOtherFiles(folder: string, mountedDir: string): Promise<string> {
  const beside = join(folder, "model");
  if ((await kindOf(beside)) === "folder") return beside;
  return mountedDir !== "" && (await entriesOf(mountedDir)).length > 0 ? mountedDir : folder;
}

async function nothingFound(folder: string, searched: readonly string[]): Promise<KtsError> {
  const inFolder = await filesOf(folder);
  const inModel = (await Promise.all(searched.slice(0, 1).map(filesOf))).flat();
  const predictors = inFolder.filter((name) => NEAR_PREDICTOR.test(name));
  const models = [...new Set([...inFolder, ...inModel])].filter((name) => NEAR_MODEL.test(name));
  const isOtherJson = models.length === 1 && models[0] === "model.json";
  const kinds = ENGINE_FILES.join(", ");
  const hints = [
    ...(predictors.length > 0 ? [`Found ${predictors.join(", ")}: did you mean predictor.ts?`] : []),
    ...(models.length > 0
      ? [
          `Found ${models.join(", ")}${isOtherJson ? ", which is no model of TensorFlow.js" : ""}: export the model to ONNX, or write a predictor.`,
        ]
      : []),
  ];
  return notFound(
    `no predictor (predictor.ts, .mts, .js or .mjs) in ${folder}, and no model file (${kinds}) in ${searched.join(", ")}`,
    hints.length > 0 ? hints.join(" ") : undefined,
  );
}
