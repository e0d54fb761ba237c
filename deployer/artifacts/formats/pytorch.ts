import { readFileSync } from "node:fs";
import { fileContent, textContent } from "../content.ts";
import { type FileKind, fileKind } from "../file-kind.ts";
import { type ModelSource, type SourceFile, extensionOf, readSource, topFiles } from "../model-source.ts";
import { COPY_AGAIN, fileProblem, unsupported } from "../problems.ts";
import { memoryBytes, openBytes } from "../readers/byte-reader.ts";
import { checkMar } from "../torchserve/check-mar.ts";
import {
  type ServedArchive,
  checkConfigProperties,
  configProperties,
} from "../torchserve/config-properties.ts";
import { modelArchive } from "../torchserve/mar.ts";
import type { TorchServeOptions } from "../torchserve/options.ts";
import type { LaidOutModel, StoreFile } from "../types.ts";
import { readZipDirectory, readZipFile } from "../zip/zip-reader.ts";
import type { FormatContext, StandardFormat } from "./format.ts";
import { inspectPickleBytes } from "./pickles.ts";
import { KIND_TEXTS, onlyFile, storeFile } from "./single-file.ts";

const WEIGHTS = [".pt", ".pth", ".bin"];
const CONFIG_PATH = "config/config.properties";
const MAX_PICKLE_BYTES = 256 * 1024 * 1024;

/** PyTorch, by TorchServe: archives as they are, or made of weights and a handler. */
export const pytorch: StandardFormat = {
  format: "pytorch",
  takes: "a .mar, a folder with model-store/, or a .pt or .pth file with a handler",
  async layOut(source, context) {
    const archives = source.files.filter(
      ({ path }) => extensionOf(path) === ".mar" && /^(model-store\/)?[^/]+$/.test(path),
    );
    return archives.length > 0 ? ofArchives(source, archives, context) : ofWeights(source, context);
  },
};

async function ofArchives(
  source: ModelSource,
  archives: readonly SourceFile[],
  { torchServe, modelName, warn }: FormatContext,
): Promise<LaidOutModel> {
  const served = archives.map((file) => ({ name: nameOf(file), model: checkMar(file) }));
  const servedAs = served.map(({ model }) => model.modelName);
  if (!servedAs.includes(modelName)) {
    warn({
      path: source.path,
      message: `is served as ${servedAs.join(", ")}, as its archive says, not as ${modelName}`,
      hint: `Ask for that name (/v1/models/${servedAs[0]}:predict), or pack it under the other.`,
    });
  }
  const files = archives.map((file) => storeFile(file, `model-store/${nameOf(file)}`));
  const own = source.files.find(({ path }) => path === CONFIG_PATH);
  const config = await configFile(served, torchServe, own?.file);
  return { layout: "torchserve", files: [...files, config], frameworks: {}, servedAs };
}

async function ofWeights(source: ModelSource, context: FormatContext): Promise<LaidOutModel> {
  const { torchServe, modelName } = context;
  const weights = onlyFile(source, {
    what: "a .mar, .pt or .pth file",
    extensions: WEIGHTS,
    kinds: ["torch-zip", "torchscript-zip", "torch-legacy"],
  });
  const kind = checkWeights(weights, context);
  if (torchServe === undefined) {
    throw unsupported(weights.file, {
      expected: "a handler beside the weights, which tells TorchServe how to read requests",
      got: "none",
      hint: "Name one of TorchServe's (base_handler, image_classifier, ...) or a file of your own.",
    });
  }
  if (kind !== "torchscript-zip" && torchServe.modelFile === undefined) {
    throw unsupported(weights.file, {
      expected: "the file with the model's class, as these are weights alone (a state dict)",
      got: "none",
      hint: 'Name it as modelFile, or save TorchScript: torch.jit.script(model).save("model.pt").',
    });
  }
  const archive = await modelArchive(modelName, weights, torchServe);
  const config = await configFile([archive], torchServe, undefined);
  const mar = { path: `model-store/${archive.name}`, content: archive.content, source: undefined };
  return { layout: "torchserve", files: [mar, config], frameworks: {}, servedAs: [modelName] };
}

async function configFile(
  served: readonly ServedArchive[],
  options: TorchServeOptions | undefined,
  beside: string | undefined,
): Promise<StoreFile> {
  const own = options?.configProperties ?? beside;
  if (own === undefined) {
    return {
      path: CONFIG_PATH,
      content: textContent(configProperties(served, options?.workers)),
      source: undefined,
    };
  }
  const [file] = (await readSource(own)).files;
  const given = readFileSync(own, "utf8");
  const text = configProperties(served, options?.workers, given);
  checkConfigProperties(own, text, served);
  return text === given && file !== undefined
    ? { path: CONFIG_PATH, content: fileContent(own, file.sizeBytes), source: own }
    : { path: CONFIG_PATH, content: textContent(text), source: undefined };
}

function checkWeights(file: SourceFile, context: FormatContext): FileKind {
  const kind = fileKind(file);
  if (kind === "torch-legacy") {
    context.warn({
      path: file.file,
      message: "is a file of torch.save from before PyTorch 1.6, which cannot be looked into",
      hint: "Load and save it again: torch.save(torch.load(path), path).",
    });
    return kind;
  }
  if (kind === "zip-damaged") {
    throw fileProblem(file.file, {
      expected: "a whole file of PyTorch",
      got: KIND_TEXTS[kind],
      hint: COPY_AGAIN,
    });
  }
  if (kind !== "torch-zip" && kind !== "torchscript-zip") {
    throw fileProblem(file.file, {
      expected: "weights of PyTorch: a file of torch.save or TorchScript",
      got: KIND_TEXTS[kind],
      hint: 'Save them again: torch.save(model.state_dict(), "model.pt").',
    });
  }
  context.warn({
    path: file.file,
    message: "has a pickle in it: loading it may run what its author wrote, with the rights of the server",
    hint: "Deploy weights from sources you trust alone.",
  });
  if (kind === "torch-zip") checkStateDict(file, context);
  return kind;
}

/** A state dict names only PyTorch's own functions; a whole model names its class, which has to be importable. */
function checkStateDict(file: SourceFile, context: FormatContext): void {
  using bytes = openBytes(file);
  const entry = readZipDirectory(bytes).find(({ name }) => name.endsWith("data.pkl"));
  if (entry === undefined) return;
  const pickle = memoryBytes(readZipFile(bytes, entry, MAX_PICKLE_BYTES));
  const { globals } = inspectPickleBytes(file.file, pickle);
  const own = [...globals].find(
    (name) => !/^(torch|collections|numpy|_codecs|builtins|__builtin__)[. ]/.test(name),
  );
  if (own === undefined) return;
  context.warn({
    path: file.file,
    message: `holds a whole model, not its weights: loading it imports ${own.replace(" ", ".")}`,
    hint: "Save the weights alone: torch.save(model.state_dict(), path), or TorchScript.",
  });
}

function nameOf({ path }: SourceFile): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Whether a folder has archives where TorchServe looks for them, or at its top. */
export function hasArchives(source: ModelSource): boolean {
  return (
    topFiles(source).some(({ path }) => extensionOf(path) === ".mar") ||
    source.files.some(({ path }) => path.startsWith("model-store/"))
  );
}
