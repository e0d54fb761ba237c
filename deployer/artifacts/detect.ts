import { readFileSync } from "node:fs";
import { type FileKind, fileKind } from "./file-kind.ts";
import { hasArchives } from "./formats/pytorch.ts";
import { STANDARD_FORMATS } from "./formats/registry.ts";
import { KIND_TEXTS } from "./formats/single-file.ts";
import { isTritonModel, isVersionedModel } from "./formats/triton.ts";
import { type ModelSource, type SourceFile, extensionOf, topFiles } from "./model-source.ts";
import { formatUnknown, unsupported } from "./problems.ts";
import type { ModelFormat } from "./types.ts";

const FORMAT_OF_KIND: Partial<Record<FileKind, ModelFormat>> = {
  pickle: "sklearn",
  "torch-zip": "pytorch",
  "torchscript-zip": "pytorch",
  "torch-legacy": "pytorch",
  mar: "pytorch",
  "xgboost-json": "xgboost",
  "xgboost-ubj": "xgboost",
  "xgboost-legacy": "xgboost",
  "lightgbm-text": "lightgbm",
  pmml: "pmml",
};

/** Where the content says nothing, be it because the file is broken: its checks then say how. */
const FORMAT_OF_EXTENSION: Readonly<Record<string, ModelFormat>> = {
  ".onnx": "onnx",
  ".joblib": "sklearn",
  ".pkl": "sklearn",
  ".pickle": "sklearn",
  ".mar": "pytorch",
  ".pt": "pytorch",
  ".pth": "pytorch",
  ".bst": "xgboost",
  ".ubj": "xgboost",
  ".pmml": "pmml",
  ".pb": "tensorflow",
};

/** Models that no runtime of KServe loads as they are, with the way out. */
const WAYS_OUT: Partial<Record<FileKind, string>> = {
  hdf5: 'Load it in Keras and export a SavedModel: keras.models.load_model(path).export("model").',
  "keras-zip": 'Load it in Keras and export a SavedModel: keras.models.load_model(path).export("model").',
  "tfjs-json":
    "Serve it by kserve-ts itself, as a custom predictor, or deploy the SavedModel it was made from.",
  tflite: "Deploy the SavedModel that it was made from, or convert it to ONNX (tf2onnx).",
  gguf: "Deploy the original model as huggingface, or serve the file from an image of your own.",
  tar: "Unpack it and give the folder.",
  zip: "Unpack it and give the folder.",
};

/**
 * The format of a model, by its files' content, and by their names where that is broken.
 * @throws KtsError KTS_MODEL_FORMAT_UNKNOWN when it is none, or files of several; KTS_MODEL_UNSUPPORTED for one that KServe
 * has no runtime for
 */
export function detectFormat(source: ModelSource): ModelFormat {
  return (source.kind === "folder" ? formatOfFolder(source) : undefined) ?? formatOfFiles(source);
}

function formatOfFolder(source: ModelSource): ModelFormat | undefined {
  const paths = source.files.map(({ path }) => path);
  if (paths.some((path) => /^(\d+\/)?(saved_model\.pb(txt)?|variables\/variables\..*)$/.test(path)))
    return "tensorflow";
  if (hasArchives(source)) return "pytorch";
  const isRepository = paths.some((path) => isVersionedModel(path.slice(path.indexOf("/") + 1)));
  if (isTritonModel(source) || isRepository || paths.some((path) => /^[^/]+\/config\.pbtxt$/.test(path)))
    return "triton";
  if (paths.some((path) => /^[^/]+\.pdiparams$/.test(path))) return "paddle";
  const config = source.files.find(({ path }) => path === "config.json");
  if (config !== undefined && /"(model_type|architectures)"\s*:/.test(readFileSync(config.file, "utf8")))
    return "huggingface";
  return undefined;
}

function formatOfFiles(source: ModelSource): ModelFormat {
  const found = new Map<ModelFormat, SourceFile>();
  for (const file of topFiles(source)) {
    const format = formatOfFile(file);
    if (format !== undefined) found.set(format, file);
  }
  const [format, ...others] = found.keys();
  if (format !== undefined && others.length === 0) return format;
  if (format !== undefined) {
    const each = [...found].map(([name, file]) => `${file.path} (${name})`).join(", ");
    throw formatUnknown(source.path, {
      expected: "a model of one format",
      got: each,
      hint: "Give the file that is to be served, or name the format.",
    });
  }
  return refuse(source);
}

function formatOfFile(file: SourceFile): ModelFormat | undefined {
  const kind = fileKind(file);
  const extension = extensionOf(file.path);
  // joblib compresses; anything else that is compressed has another name.
  if (kind in WAYS_OUT) return undefined;
  return FORMAT_OF_KIND[kind] ?? FORMAT_OF_EXTENSION[extension];
}

function refuse(source: ModelSource): never {
  const files = topFiles(source);
  for (const file of files) {
    const kind = fileKind(file);
    const hint = WAYS_OUT[kind];
    if (hint === undefined) continue;
    throw unsupported(file.file, {
      expected: "a model that a runtime of KServe loads",
      got: KIND_TEXTS[kind],
      hint,
    });
  }
  const [only] = files;
  const takes = Object.values(STANDARD_FORMATS).map(({ format, takes }) => `${format}: ${takes}`);
  throw formatUnknown(source.path, {
    expected: "a model of a known format",
    got:
      source.kind === "file" && only !== undefined
        ? KIND_TEXTS[fileKind(only)]
        : source.files
            .slice(0, 5)
            .map(({ path }) => path)
            .join(", "),
    hint: `Name the format, or give one of these. ${takes.join("; ")}.`,
  });
}
