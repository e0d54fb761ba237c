import { extname } from "node:path";
import type { EngineModel } from "../../contract/predictor.ts";

/** What an engine is asked to load. */
export interface EngineLoadOptions {
  /** The model file, absolute. */
  readonly modelFile: string;
  /** Folders whose `node_modules` may have the engine's package, best first; ours is the last resort. */
  readonly resolveFrom: readonly string[];
  /** Threads within one run. */
  readonly intraOpThreads: number;
}

/** A model that an engine loaded, until it is disposed. */
export interface LoadedEngine extends EngineModel {
  /** Frees the model's memory. */
  dispose(): Promise<void>;
}

interface Engine {
  /** Of the model files it loads, with the dot. */
  readonly extension: string;
  /** @throws KtsError KTS_ENGINE_MISSING, KTS_MODEL_FILE_INVALID */
  load(options: EngineLoadOptions): Promise<LoadedEngine>;
}

/** Every engine; a new one is a file of its own and a line here. */
const ENGINES: readonly Engine[] = [
  { extension: ".onnx", load: async (options) => (await import("./onnx.ts")).loadOnnx(options) },
];

/** Extensions of the model files that an engine can load. */
export const ENGINE_EXTENSIONS: readonly string[] = ENGINES.map(({ extension }) => extension);

/**
 * Loads a model file with the engine of its extension.
 * @throws KtsError KTS_ENGINE_MISSING when the engine's package is not installed; KTS_MODEL_FILE_INVALID
 */
export async function loadWithEngine(options: EngineLoadOptions): Promise<LoadedEngine> {
  const engine = ENGINES.find(({ extension }) => extension === extname(options.modelFile));
  if (engine === undefined) throw new TypeError(`no engine loads ${options.modelFile}`);
  return engine.load(options);
}
