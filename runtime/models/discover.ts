import { readFile, readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { KtsError } from "../../contract/errors.ts";
import { ENGINE_EXTENSIONS } from "../engines/engine.ts";
import { checkModelName, nameFromPath } from "./model-name.ts";
import type { RemoteSettings } from "../remote/settings.ts";
import type { ModelSource } from "./source.ts";

/** What `discoverModel` may be told. */
export interface DiscoverOptions {
  /** The name in the URLs. Default: the folder's own name. */
  readonly modelName?: string;
  /** Folder of the model's files, relative to the working directory. Default: see {@link discoverModel}. */
  readonly modelDir?: string;
  /** Where a cluster mounts a model. Default `/mnt/models`, as KServe's storage initializer has it. */
  readonly mountedDir?: string;
  /** Transformer mode: there need be no model file, and no predictor module either. */
  readonly remote?: RemoteSettings;
}

const PREDICTOR_FILES = ["predictor.ts", "predictor.mts", "predictor.js", "predictor.mjs"];

/** What people call a predictor, or the model formats they have at hand. */
const NEAR_PREDICTOR = /^(predict(or|ors|er|ion|ions)?|model|handler|index|main)\.[cm]?[jt]sx?$/i;
const NEAR_TRANSFORMER = /^(predict(or|ors|er)?|transform(er)?|explain(er)?)\.[cm]?[jt]sx?$/i;
const NEAR_MODEL = /\.(pt|pth|pkl|joblib|h5|keras|pb|tflite|bst|ubj|safetensors|mar|ort)$/i;

/**
 * Finds the predictor module and the model file of a folder.
 *
 * The model's files are looked for in `modelDir`, else the folder's `model/`, else the folder itself, else
 * `/mnt/models`; the first that has a file which an engine can load wins. Numbered folders in it are versions, of
 * which the highest is taken. A path to a predictor or model file works in place of a folder.
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
  const mountedDir = options.mountedDir ?? "/mnt/models";
  const { remote } = options;

  if (kind === "file" && ENGINE_EXTENSIONS.includes(extname(target))) {
    if (remote !== undefined) throw twoModels(path);
    return {
      name: given ?? nameOfModelFile(target),
      predictorPath: undefined,
      modelFile: target,
      modelDir: modelDir ?? dirname(target),
    };
  }
  const folder = kind === "file" ? dirname(target) : target;
  const predictorPath = kind === "file" ? checkedPredictorFile(target) : await findPredictor(folder);
  if (remote !== undefined) {
    if (predictorPath === undefined) await refuseNearTransformer(folder);
    return {
      name: given ?? nameFromPath(folder),
      predictorPath,
      modelFile: undefined,
      modelDir: modelDir ?? (await folderOfOtherFiles(folder, mountedDir)),
      remote,
    };
  }
  const searched = modelDir === undefined ? [join(folder, "model"), folder, mountedDir] : [modelDir];
  const found = await findModel(searched, predictorPath !== undefined && (await mayLoad(predictorPath)));
  if (predictorPath === undefined && found === undefined) {
    throw await nothingFound(folder, searched);
  }
  return {
    name: given ?? nameFromPath(folder),
    predictorPath,
    modelFile: found?.modelFile,
    modelDir: found?.modelDir ?? modelDir ?? (await folderOfOtherFiles(folder, mountedDir)),
  };
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
    `${file} is neither a predictor (.ts, .mts, .js, .mjs) nor a model file (${ENGINE_EXTENSIONS.join(", ")})`,
    NEAR_MODEL.test(file) ? "Export the model to ONNX." : undefined,
  );
}

/** `serve resnet.onnx` is named resnet; `serve iris/model.onnx` iris. */
function nameOfModelFile(file: string): string {
  const own = nameFromPath(basename(file, extname(file)));
  return own === "model" ? nameFromPath(dirname(file)) : own;
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

async function findModel(
  folders: readonly string[],
  severalAllowed: boolean,
): Promise<{ modelDir: string; modelFile: string } | undefined> {
  for (const modelDir of folders) {
    const modelFile = await findModelFile(modelDir, severalAllowed);
    if (modelFile !== undefined) return { modelDir, modelFile };
  }
  return undefined;
}

/** A predictor with a `load` of its own may read files that no engine knows. */
async function folderOfOtherFiles(folder: string, mountedDir: string): Promise<string> {
  const beside = join(folder, "model");
  if ((await kindOf(beside)) === "folder") return beside;
  return (await entriesOf(mountedDir)).length > 0 ? mountedDir : folder;
}

async function findModelFile(folder: string, severalAllowed: boolean): Promise<string | undefined> {
  const own = await modelFileIn(folder, severalAllowed);
  if (own !== undefined) return own;
  const versions = (await entriesOf(folder))
    .filter((entry) => entry.isDirectory() && /^\d+$/.test(entry.name))
    .map((entry) => entry.name)
    .sort((a, b) => Number(b) - Number(a));
  for (const version of versions) {
    const file = await modelFileIn(join(folder, version), severalAllowed);
    if (file !== undefined) return file;
  }
  return undefined;
}

async function modelFileIn(folder: string, severalAllowed: boolean): Promise<string | undefined> {
  const found = (await filesOf(folder)).filter((name) => ENGINE_EXTENSIONS.includes(extname(name)));
  const preferred = found.find((name) => basename(name, extname(name)) === "model") ?? found[0];
  if (preferred === undefined) return undefined;
  if (found.length === 1 || preferred.startsWith("model.")) return join(folder, preferred);
  if (severalAllowed) return undefined;
  throw new KtsError(
    "KTS_PREDICTOR_INVALID",
    `${folder} has several model files: ${found.sort().join(", ")}`,
    {
      hint: "Name the one to serve model.onnx, or give its path in place of the folder.",
    },
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
  const kinds = ENGINE_EXTENSIONS.map((extension) => `*${extension}`).join(", ");
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
