import { readFile, readdir } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import type { PlannedFile } from "./build-plan.ts";
import { guardFiles, looksServed } from "./context-guard.ts";
import { IMAGE_PATHS } from "./image-paths.ts";
import type { ModelInput } from "./plan-input.ts";
import { type FoundFile, foundFile, walk } from "./walk.ts";

/** What the model layer is made with. */
export interface ModelLayerOptions {
  readonly allowLarge: readonly string[];
  readonly warn: (warning: string) => void;
}

/** Left out without a word: it is no part of any model. */
const NEVER = new Set([".git", ".DS_Store", ".cache", ".ipynb_checkpoints", "__pycache__", "node_modules"]);

/**
 * The files of a model, laid below /mnt/models as they lie on this machine, where `serve` finds them.
 * @throws KtsError KTS_BUILD_INPUT for secrets, links out of the folder, and large files that look like no model
 */
export async function modelFiles(model: ModelInput, options: ModelLayerOptions): Promise<PlannedFile[]> {
  if (model.kind === "none") return [];
  const { modelFile } = model;
  const root = model.kind === "folder" ? model.folder : dirname(model.modelFile);
  const found =
    model.kind === "folder"
      ? await walk(root, (path) => NEVER.has(basename(path)))
      : await filesOfModel(root, model.modelFile);
  const allowed = await guardFiles(found, {
    ...options,
    root,
    isModel: ({ path }) => looksServed(path, modelFile),
    isNamed: ({ absolute }) => absolute === modelFile,
  });
  return allowed.map((file) => plannedFile(file, `${IMAGE_PATHS.model}/${file.path}`));
}

/** A file of this machine at a path of the image. */
export function plannedFile(file: FoundFile, path: string): PlannedFile {
  const { link, absolute, bytes, executable } = file;
  if (link !== undefined) return { path, source: { kind: "link", target: link }, executable: false };
  return { path, source: { kind: "file", path: absolute, bytes }, executable };
}

/** A model file and what belongs to it: ONNX's weights beside it, a SavedModel's folders, a model.json's shards. */
async function filesOfModel(root: string, modelFile: string): Promise<FoundFile[]> {
  const name = basename(modelFile);
  const beside = await readdir(root);
  const names = [name];
  if (name === "saved_model.pb") {
    for (const folder of ["variables", "assets", "assets.extra"].filter((each) => beside.includes(each))) {
      const files = await walk(join(root, folder), () => false);
      names.push(...files.map(({ path }) => `${folder}/${path}`));
    }
    if (beside.includes("fingerprint.pb")) names.push("fingerprint.pb");
  } else if (name === "model.json") {
    names.push(...(await shardsOf(modelFile)));
  } else {
    // Exporters call the weights of model.onnx model.onnx.data, model.onnx_data or model.data.
    const stem = basename(name, extname(name));
    const weights = [`${name}.data`, `${name}_data`, `${stem}.data`, `${stem}.bin`, `${stem}.weights`];
    names.push(...beside.filter((each) => weights.includes(each)));
  }
  return Promise.all([...new Set(names)].sort().map((each) => foundFile(root, each)));
}

async function shardsOf(modelFile: string): Promise<string[]> {
  const { weightsManifest } = JSON.parse(await readFile(modelFile, "utf8")) as {
    weightsManifest?: readonly { readonly paths?: readonly string[] }[];
  };
  return (weightsManifest ?? []).flatMap(({ paths = [] }) => paths);
}
