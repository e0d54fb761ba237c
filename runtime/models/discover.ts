import { readFile, readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { KtsError } from "../../contract/errors.ts";
import { ENGINE_FILES, isModelFile, mayBeModelFile } from "../engines/engine.ts";
import { checkModelName, nameFromPath } from "./model-name.ts";
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

/** A folder named by a number that holds a version of a model. */
interface VersionFolder {
  /** The folder's name. */
  readonly version: string;
  readonly path: string;
  readonly modelFile: string | undefined;
}

/** What lies in one of the folders that a model is looked for in. */
interface Found {
  readonly modelDir: string;
  /** Undefined where there are versions. */
  readonly modelFile: string | undefined;
  /** Highest first. */
  readonly versions: readonly VersionFolder[];
}

const MOUNTED_DIR = "/mnt/models";
const PREDICTOR_FILES = ["predictor.ts", "predictor.mts", "predictor.js", "predictor.mjs"];

/** What people call a predictor, or the model formats they have at hand. */
const NEAR_PREDICTOR = /^(predict(or|ors|er|ion|ions)?|model|handler|index|main)\.[cm]?[jt]sx?$/i;
const NEAR_TRANSFORMER = /^(predict(or|ors|er)?|transform(er)?|explain(er)?)\.[cm]?[jt]sx?$/i;
const NEAR_MODEL =
  /\.(pt|pth|pkl|joblib|h5|keras|pb|pbtxt|tflite|bst|ubj|safetensors|mar|ort)$|^model\.json$/i;

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
  found: Found | undefined,
  wanted: string | undefined,
): VersionFolder | undefined {
  const versions = found?.versions ?? [];
  if (wanted === undefined) return versions[0];
  const chosen = versions.find(({ version }) => version === wanted);
  if (chosen !== undefined) return chosen;
  throw notFound(`${folder} has no version ${wanted}`, "A version is a folder with a number as its name.");
}

function notFound(message: string, hint?: string): KtsError {
  return new KtsError("KTS_PREDICTOR_NOT_FOUND", message, hint === undefined ? {} : { hint });
}

function twoModels(path: string): KtsError {
  return new KtsError("KTS_USAGE", `${path} is a model file, but --predictor_host names another model`, {
    hint: "Leave one of the two out; a transformer is served by its folder.",
  });
}

/** Requests would pass by a module of another name, and nobody would be told. */
async function refuseNearTransformer(folder: string): Promise<void> {
  const near = (await filesOf(folder)).find((name) => NEAR_TRANSFORMER.test(name));
  if (near === undefined) return;
  throw notFound(
    `${folder} has ${near}, but no predictor (${PREDICTOR_FILES.join(", ")})`,
    `Rename ${near}.`,
  );
}

async function kindOf(path: string): Promise<"file" | "folder" | undefined> {
  try {
    return (await stat(path)).isDirectory() ? "folder" : "file";
  } catch {
    return undefined;
  }
}

async function checkedModelDir(modelDir: string): Promise<string> {
  const path = resolve(modelDir);
  const kind = await kindOf(path);
  if (kind === "folder") return path;
  const problem = kind === "file" ? "is a file, expected a folder" : "does not exist";
  throw notFound(`the model directory ${modelDir} ${problem}`, "Correct --model_dir.");
}

function checkedPredictorFile(file: string): string {
  if (/\.m?[jt]s$/.test(file)) return file;
  throw notFound(
    `${file} is neither a predictor (.ts, .mts, .js, .mjs) nor a model file (${ENGINE_FILES.join(", ")})`,
    NEAR_MODEL.test(file) ? "Export the model to ONNX." : undefined,
  );
}

/** `serve resnet.onnx` is named resnet; `serve iris/model.onnx` and `serve iris/1/saved_model.pb` iris. */
function nameOfModelFile(file: string): string {
  const own = basename(file, extname(file));
  if (own !== "model" && own !== "saved_model") return nameFromPath(own);
  const folder = dirname(file);
  return nameFromPath(/^\d+$/.test(basename(folder)) ? dirname(folder) : folder);
}

async function findPredictor(folder: string): Promise<string | undefined> {
  const names = await filesOf(folder);
  const found = PREDICTOR_FILES.filter((name) => names.includes(name));
  const [first, ...others] = found;
  if (others.length === 0) return first === undefined ? undefined : join(folder, first);
  throw new KtsError("KTS_PREDICTOR_INVALID", `${folder} has ${found.join(" and ")}, expected one of them`, {
    hint: "Remove one, or name the file to serve in place of the folder.",
  });
}

/** A predictor that loads for itself may do so with several model files; the word is enough to leave it to it. */
async function mayLoad(predictorPath: string): Promise<boolean> {
  return /\bload\b/.test(await readFile(predictorPath, "utf8"));
}

async function findModel(folders: readonly string[], severalAllowed: boolean): Promise<Found | undefined> {
  for (const modelDir of folders) {
    const modelFile = await modelFileIn(modelDir, severalAllowed);
    if (modelFile !== undefined) return { modelDir, modelFile, versions: [] };
    const versions = await versionsIn(modelDir, severalAllowed);
    if (versions.length > 0) return { modelDir, modelFile: undefined, versions };
  }
  return undefined;
}

/** A predictor with a `load` of its own may read files that no engine knows. */
async function folderOfOtherFiles(folder: string, mountedDir: string): Promise<string> {
  const beside = join(folder, "model");
  if ((await kindOf(beside)) === "folder") return beside;
  return mountedDir !== "" && (await entriesOf(mountedDir)).length > 0 ? mountedDir : folder;
}

/** TensorFlow Serving's and Triton's layout: a folder with a number as its name for each version. */
async function versionsIn(folder: string, severalAllowed: boolean): Promise<VersionFolder[]> {
  const names = (await entriesOf(folder))
    .filter((entry) => !entry.isFile() && /^\d+$/.test(entry.name))
    .map((entry) => entry.name)
    .sort((a, b) => Number(b) - Number(a));
  const versions: VersionFolder[] = [];
  for (const version of names) {
    const path = join(folder, version);
    const modelFile = await modelFileIn(path, severalAllowed);
    if (modelFile === undefined && (await findPredictor(path)) === undefined) continue;
    versions.push({ version, path, modelFile });
  }
  return versions;
}

async function modelFileIn(folder: string, severalAllowed: boolean): Promise<string | undefined> {
  const found: string[] = [];
  for (const name of await filesOf(folder)) {
    if (mayBeModelFile(name) && (await isModelFile(join(folder, name)))) found.push(name);
  }
  const [only] = found;
  if (found.length > 1) {
    const preferred = found.filter((name) => basename(name, extname(name)) === "model");
    if (preferred.length === 1) return join(folder, preferred[0] as string);
    if (severalAllowed) return undefined;
    throw new KtsError(
      "KTS_PREDICTOR_INVALID",
      `${folder} has several model files: ${found.sort().join(", ")}`,
      {
        hint: "Name the one to serve model.onnx, or give its path in place of the folder.",
      },
    );
  }
  if (only !== undefined) return join(folder, only);
  if (!severalAllowed) await refuseHalfSavedModel(folder);
  return undefined;
}

/** Variables alone are what an interrupted copy of a SavedModel leaves; an older version must not take its place. */
async function refuseHalfSavedModel(folder: string): Promise<void> {
  const variables = await filesOf(join(folder, "variables"));
  if (!variables.includes("variables.index")) return;
  throw new KtsError(
    "KTS_MODEL_FILE_INVALID",
    `${folder} has a SavedModel's variables/ but no saved_model.pb`,
    { hint: "Copy the whole folder again: saved_model.pb with variables/ beside it." },
  );
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Names of the files (a mounted volume's are symbolic links) that are not hidden. */
async function filesOf(folder: string): Promise<string[]> {
  return (await entriesOf(folder))
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => entry.name)
    .sort();
}

async function nothingFound(folder: string, searched: readonly string[]): Promise<KtsError> {
  const inFolder = await filesOf(folder);
  const inModel = (await Promise.all(searched.slice(0, 1).map(filesOf))).flat();
  const predictors = inFolder.filter((name) => NEAR_PREDICTOR.test(name));
  const models = [...new Set([...inFolder, ...inModel])].filter((name) => NEAR_MODEL.test(name));
  const kinds = ENGINE_FILES.join(", ");
  const hints = [
    ...(predictors.length > 0 ? [`Found ${predictors.join(", ")}: did you mean predictor.ts?`] : []),
    ...(models.length > 0
      ? [`Found ${models.join(", ")}: export the model to ONNX, or write a predictor.`]
      : []),
  ];
  return notFound(
    `no predictor (predictor.ts, .mts, .js or .mjs) in ${folder}, and no model file (${kinds}) in ${searched.join(", ")}`,
    hints.length > 0 ? hints.join(" ") : undefined,
  );
}
