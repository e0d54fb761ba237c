import { readFileSync } from "node:fs";
import { fileKind } from "../file-kind.ts";
import type { ModelSource, SourceFile } from "../model-source.ts";
import { fileProblem, unsupported } from "../problems.ts";
import type { FormatContext, StandardFormat } from "./format.ts";
import { checkOnnx } from "./onnx.ts";
import { KIND_TEXTS, storeFile } from "./single-file.ts";

const MODEL_FILE = /^model\.(onnx|pt|plan|graphdef|savedmodel|py|xml|json|bst|txt)$/;

/** Triton's model repository: a folder per model, in it a folder per version. */
export const triton: StandardFormat = {
  format: "triton",
  takes: "a folder of Triton's layout: <model>/config.pbtxt and <model>/1/model.onnx, model.pt, ...",
  layOut(source, context) {
    const models = modelsOf(source, context.modelName);
    for (const [name, files] of models) checkModel(source, name, files, context);
    const files = [...models].flatMap(([name, files]) =>
      files.map(({ path, from }) => storeFile(from, `${name}/${path}`)),
    );
    return { layout: "triton", files, frameworks: {}, servedAs: [...models.keys()] };
  },
};

interface ModelFile {
  /** Below the model's folder. */
  readonly path: string;
  readonly from: SourceFile;
}

/** Whether a folder is one model, not a repository of them. */
export function isTritonModel({ files }: ModelSource): boolean {
  return files.some(({ path }) => path === "config.pbtxt" || isVersionedModel(path));
}

/** `1/model.onnx`, `1/model.savedmodel/saved_model.pb` */
export function isVersionedModel(path: string): boolean {
  const [version = "", file = ""] = path.split("/");
  return /^\d+$/.test(version) && MODEL_FILE.test(file);
}

function modelsOf(source: ModelSource, name: string): ReadonlyMap<string, readonly ModelFile[]> {
  const models = new Map<string, ModelFile[]>();
  const one = isTritonModel(source);
  for (const from of source.files) {
    const path = one ? `${name}/${from.path}` : from.path;
    const slash = path.indexOf("/");
    if (slash < 0) continue;
    const model = path.slice(0, slash);
    models.set(model, [...(models.get(model) ?? []), { path: path.slice(slash + 1), from }]);
  }
  return models;
}

function checkModel(
  source: ModelSource,
  name: string,
  files: readonly ModelFile[],
  context: FormatContext,
): void {
  const config = files.find(({ path }) => path === "config.pbtxt");
  const text = config === undefined ? "" : readFileSync(config.from.file, "utf8");
  const configured = /^\s*name\s*:\s*["']([^"']*)["']/m.exec(text)?.[1];
  if (config !== undefined && configured !== undefined && configured !== name) {
    throw fileProblem(config.from.file, {
      expected: `name: "${name}", as the model's folder is called in the store`,
      got: JSON.stringify(configured),
      hint: "Triton refuses a name that differs. Rename one of them, or leave the name out of the file.",
    });
  }
  const versioned = files.filter(({ path }) => isVersionedModel(path));
  if (versioned.length === 0 && !/default_model_filename|ensemble/.test(text)) {
    throw fileProblem(`${source.path}/${name}`, {
      expected: "a folder per version with the model in it, such as 1/model.onnx",
      got: files
        .slice(0, 3)
        .map(({ path }) => path)
        .join(", "),
      hint: "Put the model into a folder 1 and name it model.onnx, model.pt, ..., by its kind.",
    });
  }
  for (const { path, from } of versioned) {
    if (path.endsWith("/model.onnx")) checkOnnx(from, context);
    if (path.endsWith("/model.pt")) checkTorchScript(from, config !== undefined);
  }
}

function checkTorchScript(file: SourceFile, hasConfig: boolean): void {
  const kind = fileKind(file);
  if (kind !== "torchscript-zip") {
    throw unsupported(file.file, {
      expected: "a TorchScript file",
      got: KIND_TEXTS[kind],
      hint: 'Save it by torch.jit.script(model).save("model.pt"): Triton runs no Python class.',
    });
  }
  if (hasConfig) return;
  throw unsupported(file.file, {
    expected: "a config.pbtxt that names its inputs and outputs",
    got: "none: TorchScript does not say them, so Triton cannot complete it",
    hint: "Write <model>/config.pbtxt with platform, input (INPUT__0, ...) and output (OUTPUT__0, ...).",
  });
}
