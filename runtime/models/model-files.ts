import { basename, extname, join } from "node:path";
import { KtsError } from "../../contract/errors.ts";
import { isModelFile, mayBeModelFile } from "../engines/engine.ts";
import { entriesOf, filesOf } from "./folder.ts";
import { findPredictor } from "./predictor-file.ts";

/** A folder named by a number that holds a version of a model. */
export interface VersionFolder {
  /** The folder's name. */
  readonly version: string;
  readonly path: string;
  readonly modelFile: string | undefined;
}

/** What lies in one of the folders that a model is looked for in. */
export interface FoundModel {
  readonly modelDir: string;
  /** Undefined where there are versions. */
  readonly modelFile: string | undefined;
  /** Highest first. */
  readonly versions: readonly VersionFolder[];
}

/**
 * What the first of some folders holds that has a model file, or versions of one.
 * @param severalAllowed whether a folder may have several model files, of which none is then taken
 * @throws KtsError KTS_PREDICTOR_INVALID where there are several all the same
 */
export async function findModel(
  folders: readonly string[],
  severalAllowed: boolean,
): Promise<FoundModel | undefined> {
  for (const modelDir of folders) {
    const modelFile = await modelFileIn(modelDir, severalAllowed);
    if (modelFile !== undefined) return { modelDir, modelFile, versions: [] };
    const versions = await versionsIn(modelDir, severalAllowed);
    if (versions.length > 0) return { modelDir, modelFile: undefined, versions };
  }
  return undefined;
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
