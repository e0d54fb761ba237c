import type { ModelSettings } from "../config/settings.ts";
import type { ModelPlan, PlannedVersion } from "../models/model-plan.ts";
import type { ModelStore } from "../models/model-store.ts";
import type { ModelSource } from "../models/source.ts";
import { join } from "node:path";
import { changedFiles, modelFilesOf, modelKeyOf } from "./model-files.ts";
import { ProjectCode } from "./project-code.ts";

/** The models of a store, with their code as it is when they are planned. */
export class WatchedStore implements ModelStore {
  readonly root: string;
  readonly #inner: ModelStore;
  /** By the path of the predictor's module. */
  readonly #code = new Map<string, ProjectCode>();
  /** What was planned last, by name. */
  readonly #sources = new Map<string, readonly ModelSource[]>();
  /** What the files of models were when they were whole, by their folder. */
  readonly #modelFiles = new Map<string, string>();
  /** Files that changed while a model was loaded, by its folder. */
  readonly #writtenByLoad = new Map<string, ReadonlySet<string>>();
  readonly #ignored = new Set<string>();

  constructor(inner: ModelStore) {
    this.root = inner.root;
    this.#inner = inner;
  }

  list(): Promise<readonly string[]> {
    return this.#inner.list();
  }

  require(name: string): Promise<void> {
    return this.#inner.require(name);
  }

  async plan(name: string, generation: number): Promise<ModelPlan> {
    const { versions, settings } = await this.#inner.plan(name, generation);
    this.#sources.set(
      name,
      versions.map(({ source }) => source),
    );
    return { settings, versions: await Promise.all(versions.map((one) => this.#planned(one, settings))) };
  }

  async #planned({ source }: PlannedVersion, settings: ModelSettings): Promise<PlannedVersion> {
    const { intraOpThreads, onnx, workers } = settings;
    const modelKey = modelKeyOf(await this.#filesOf(source), [intraOpThreads, onnx, workers]);
    const code = await this.#codeOf(source)?.snapshot();
    const watched = { ...source, modelKey, ...(code !== undefined && { code }) };
    return { source: watched, fingerprint: `${modelKey} ${source.predictorPath} ${code?.hash}` };
  }

  /** A snapshot's code serves. */
  wentLive({ code, ...source }: ModelSource): void {
    if (code !== undefined) this.#codeOf(source)?.wentLive(code);
  }

  /** What was found of a model when it was planned last; nothing where that failed. */
  sourcesOf(name: string): readonly ModelSource[] {
    return this.#sources.get(name) ?? [];
  }

  /** The files of a model's code. */
  codeFilesOf(source: ModelSource): readonly string[] {
    return this.#codeOf(source)?.files ?? [];
  }

  /** What the files of a model were when it was planned. */
  plannedFilesOf({ modelDir }: ModelSource): string | undefined {
    return this.#modelFiles.get(modelDir);
  }

  /** The files of a model have changed, and are whole: the next plan is made of them. */
  takeFiles({ modelDir }: ModelSource, files: string): void {
    this.#modelFiles.set(modelDir, files);
  }

  /**
   * What the files of a model are now.
   * @param onFolder told of each folder that is looked through
   */
  filesNow(source: ModelSource, onFolder?: (path: string) => void): Promise<string> {
    return modelFilesOf(source, this.#ignored, onFolder);
  }

  /**
   * Called when a model has been loaded. A file that is written by each load would make it be loaded for ever: it is left
   * out from the second time on.
   * @returns the files that are left out from now on
   */
  async loaded(source: ModelSource): Promise<readonly string[]> {
    const planned = this.plannedFilesOf(source);
    if (planned === undefined) return [];
    const written = changedFiles(planned, await this.filesNow(source), source).map((file) =>
      join(source.modelDir, file),
    );
    const again = written.filter((file) => this.#writtenByLoad.get(source.modelDir)?.has(file) === true);
    this.#writtenByLoad.set(source.modelDir, new Set(written));
    if (again.length === 0) return again;
    for (const file of again) this.#ignored.add(file);
    this.#modelFiles.set(source.modelDir, await this.filesNow(source));
    return again;
  }

  #codeOf({ predictorPath }: Pick<ModelSource, "predictorPath">): ProjectCode | undefined {
    if (predictorPath === undefined) return undefined;
    let code = this.#code.get(predictorPath);
    if (code === undefined) {
      code = new ProjectCode(predictorPath);
      this.#code.set(predictorPath, code);
    }
    return code;
  }

  async #filesOf(source: ModelSource): Promise<string> {
    let files = this.#modelFiles.get(source.modelDir);
    if (files === undefined) {
      files = await this.filesNow(source);
      this.#modelFiles.set(source.modelDir, files);
    }
    return files;
  }
}
