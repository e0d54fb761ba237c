import { basename } from "node:path";
import { type Content, fileContent, textContent } from "../content.ts";
import { type SourceFile, readSource } from "../model-source.ts";
import { fileProblem } from "../problems.ts";
import { type ZipEntry, zipContent } from "../zip/zip-writer.ts";
import { MANIFEST_PATH, type ManifestModel, checkModelName, handlerFile, manifestText } from "./manifest.ts";
import { BUILT_IN_HANDLERS, DEFAULT_MODEL_VERSION, type TorchServeOptions } from "./options.ts";

/** An archive that TorchServe loads. */
export interface ModelArchive {
  /** `<model>.mar` */
  readonly name: string;
  readonly model: ManifestModel;
  readonly content: Content;
}

/**
 * Makes a TorchServe archive (.mar), as torch-model-archiver does with `--archive-format zip-store`. The same files
 * give the same bytes.
 * @param serializedFile the weights: TorchScript, or a state dict
 * @throws KtsError KTS_CONFIG_INVALID for a name that TorchServe does not take, KTS_MODEL_FILE_INVALID for a file that is
 * not there, or two of one name
 */
export async function modelArchive(
  modelName: string,
  serializedFile: SourceFile,
  options: TorchServeOptions,
): Promise<ModelArchive> {
  checkModelName(modelName);
  const packer = new Packer();
  packer.add(basename(serializedFile.file), serializedFile);
  const model: ManifestModel = {
    modelName,
    serializedFile: basename(serializedFile.file),
    handler: await packer.addHandler(options.handler),
    modelVersion: options.version ?? DEFAULT_MODEL_VERSION,
    ...(options.modelFile !== undefined && { modelFile: await packer.addFile(options.modelFile) }),
    ...(options.requirementsFile !== undefined && {
      requirementsFile: await packer.addFile(options.requirementsFile),
    }),
    ...(options.modelConfigFile !== undefined && {
      configFile: await packer.addFile(options.modelConfigFile),
    }),
  };
  for (const path of options.extraFiles ?? []) await packer.addExtra(path);
  const manifest = { name: MANIFEST_PATH, content: textContent(manifestText(model)) };
  return { name: `${modelName}.mar`, model, content: await zipContent([...packer.entries(), manifest]) };
}

/** Everything lies at the archive's top, by its own name. */
class Packer {
  readonly #files = new Map<string, SourceFile>();

  /** In the order of their names. */
  entries(): readonly ZipEntry[] {
    return [...this.#files]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { file, sizeBytes }]) => ({ name, content: fileContent(file, sizeBytes) }));
  }

  add(name: string, file: SourceFile): string {
    const other = this.#files.get(name);
    if (other !== undefined && other.file !== file.file) {
      throw fileProblem(file.file, {
        expected: "a name of its own in the archive, where all files lie side by side",
        got: `${name}, which is also the name of ${other.file}`,
        hint: "Rename one of them.",
      });
    }
    this.#files.set(name, file);
    return name;
  }

  async addFile(path: string): Promise<string> {
    const source = await readSource(path);
    const [file] = source.files;
    if (source.kind === "file" && file !== undefined) return this.add(file.path, file);
    throw fileProblem(path, { expected: "a file", got: "a folder", hint: "Give the file itself." });
  }

  async addHandler(handler: string): Promise<string> {
    if (BUILT_IN_HANDLERS.includes(handler)) return handler;
    await this.addFile(handlerFile(handler));
    return basename(handler);
  }

  /** A folder's content goes to the top, as torch-model-archiver does it. */
  async addExtra(path: string): Promise<void> {
    const source = await readSource(path);
    for (const file of source.files) this.add(file.path, file);
  }
}
