import { fileContent } from "../content.ts";
import { type FileKind, fileKind } from "../file-kind.ts";
import { type ModelSource, type SourceFile, extensionOf, topFiles } from "../model-source.ts";
import { COPY_AGAIN, fileProblem } from "../problems.ts";
import type { StoreFile } from "../types.ts";

/** How the one file of a format is found in a folder. */
export interface SingleFileRule {
  /** What is looked for, for errors: `a pickle or joblib file`. */
  readonly what: string;
  readonly extensions: readonly string[];
  readonly kinds: readonly FileKind[];
}

/**
 * The model's only file: KServe's servers look at the top of the folder alone, and refuse two.
 * @throws KtsError KTS_MODEL_FILE_INVALID when there is none, or several
 */
export function onlyFile(source: ModelSource, rule: SingleFileRule): SourceFile {
  const top = topFiles(source);
  if (source.kind === "file") return top[0] as SourceFile;
  const byName = top.filter((file) => rule.extensions.includes(extensionOf(file.path)));
  const found = byName.length > 0 ? byName : top.filter((file) => rule.kinds.includes(fileKind(file)));
  const [first] = found;
  if (found.length === 1 && first !== undefined) return first;
  const names = (found.length > 0 ? found : top).map(({ path }) => path);
  throw fileProblem(source.path, {
    expected: `exactly one file at the top of the folder: ${rule.what}`,
    got: names.length === 0 ? "folders only" : names.slice(0, 5).join(", "),
    hint:
      found.length > 1
        ? "Its server ends when it finds two. Give the file that is to be served, not the folder."
        : "Give the model's file itself.",
  });
}

/** A copy of a file, under another name where the server wants one. */
export function storeFile({ path, file, sizeBytes }: SourceFile, as = path): StoreFile {
  return { path: as, content: fileContent(file, sizeBytes), source: file };
}

/**
 * Refuses what is no model at all, whatever the format.
 * @param what was expected, such as `a LightGBM model`
 */
export function refuseKind(file: SourceFile, kind: FileKind, what: string, hint: string): never {
  const got = KIND_TEXTS[kind];
  throw fileProblem(file.file, { expected: what, got, hint: kind === "empty" ? COPY_AGAIN : hint });
}

/** What a file is, in words. */
export const KIND_TEXTS: Readonly<Record<FileKind, string>> = {
  empty: "an empty file",
  "git-lfs-pointer": "a Git LFS pointer, which only names the file",
  html: "a page of HTML",
  pickle: "a Python pickle",
  "compressed-pickle": "a compressed file",
  "torch-zip": "a file of torch.save",
  "torchscript-zip": "a TorchScript file",
  "torch-legacy": "a file of torch.save, older than PyTorch 1.6",
  mar: "a TorchServe archive",
  "keras-zip": "a Keras file (.keras)",
  zip: "a zip archive",
  "zip-damaged": "a zip that is cut short or damaged",
  hdf5: "an HDF5 file (Keras .h5)",
  "xgboost-json": "an XGBoost model in JSON",
  "xgboost-ubj": "an XGBoost model in UBJSON",
  "xgboost-legacy": "an XGBoost model in the old binary format",
  "lightgbm-text": "a LightGBM model",
  pmml: "a PMML document",
  "tfjs-json": "a TensorFlow.js model",
  gguf: "a GGUF model",
  tflite: "a TensorFlow Lite model",
  tar: "a tar archive",
  json: "JSON",
  text: "text",
  other: "other bytes",
};
