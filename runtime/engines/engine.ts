import { basename } from "node:path";
import type { OnnxSettings } from "../../contract/engine-settings.ts";
import type { EngineModel, PredictorLog } from "../../contract/predictor.ts";

/** What an engine is asked to load. */
export interface EngineLoadOptions {
  /** The model file, absolute. */
  readonly modelFile: string;
  /** Folders whose `node_modules` may have the engine's package, best first; ours is the last resort. */
  readonly resolveFrom: readonly string[];
  /** Threads within one run. */
  readonly intraOpThreads: number;
  /** How an ONNX model is run. Default: see {@link OnnxSettings}. */
  readonly onnx?: OnnxSettings;
  /** Takes what is worth telling while the model loads. Default: nowhere. */
  readonly log?: PredictorLog;
}

/** A number that an engine tells of itself, for `/metrics`. */
export interface EngineGauge {
  readonly name: string;
  readonly help: string;
  readonly value: number;
}

/** A model that an engine loaded, until it is disposed. */
export interface LoadedEngine extends EngineModel {
  /** What the engine tells of itself now; left out where there is nothing. */
  gauges?(): readonly EngineGauge[];
  /** Frees the model's memory. */
  dispose(): Promise<void>;
}

interface Engine {
  /** The model files it loads, for messages. */
  readonly files: string;
  /** Whether a file of this name may be its. */
  accepts(fileName: string): boolean;
  /** Whether a file of such a name really is: for names that others use as well. Default: it is. */
  recognises?(path: string): Promise<boolean>;
  /** Variables that its native library reads from the process's environment. Default: none. */
  environment?(intraOpThreads: number): Readonly<Record<string, string>>;
  /** @throws KtsError KTS_ENGINE_MISSING, KTS_MODEL_FILE_INVALID */
  load(options: EngineLoadOptions): Promise<LoadedEngine>;
}

/** Every engine; a new one is a file of its own and a line here. */
const ENGINES: readonly Engine[] = [
  {
    files: "*.onnx",
    accepts: (name) => name.endsWith(".onnx"),
    load: async (options) => (await import("./onnx.ts")).loadOnnx(options),
  },
  {
    files: "saved_model.pb",
    accepts: (name) => name === "saved_model.pb",
    environment: tensorflowEnvironment,
    load: async (options) => (await import("./saved-model.ts")).loadSavedModel(options),
  },
  {
    files: "model.json of TensorFlow.js",
    accepts: (name) => name === "model.json",
    recognises: async (path) => (await import("./tfjs-file.ts")).isTfjsModel(path),
    environment: tensorflowEnvironment,
    load: async (options) => (await import("./tfjs.ts")).loadTfjs(options),
  },
];

/** The model files that engines load, for messages. */
export const ENGINE_FILES: readonly string[] = ENGINES.map(({ files }) => files);

/** Whether a file, by its name alone, may be one that an engine loads. */
export function mayBeModelFile(path: string): boolean {
  return engineOf(path) !== undefined;
}

/** Whether a file is one that an engine loads. One that is damaged is: the engine says what is wrong with it. */
export async function isModelFile(path: string): Promise<boolean> {
  const engine = engineOf(path);
  return engine !== undefined && ((await engine.recognises?.(path)) ?? true);
}

/**
 * Loads a model file with the engine of its name.
 * @throws KtsError KTS_ENGINE_MISSING when the engine's package is not installed; KTS_MODEL_FILE_INVALID
 */
export async function loadWithEngine(options: EngineLoadOptions): Promise<LoadedEngine> {
  const engine = engineOf(options.modelFile);
  if (engine === undefined) throw new TypeError(`no engine loads ${options.modelFile}`);
  return engine.load(options);
}

/**
 * Sets what an engine's native library reads from the environment of the process, which a worker thread cannot
 * change. A variable that is set already stays as it is. Called on the main thread, before a model is loaded.
 */
export function prepareProcess(modelFile: string, intraOpThreads: number): void {
  for (const [name, value] of Object.entries(engineOf(modelFile)?.environment?.(intraOpThreads) ?? {})) {
    process.env[name] ??= value;
  }
}

function engineOf(path: string): Engine | undefined {
  const name = basename(path);
  return ENGINES.find((engine) => engine.accepts(name));
}

/** tfjs-node hands no options to TensorFlow; its log would mix a dozen lines a load into ours. */
function tensorflowEnvironment(intraOpThreads: number): Readonly<Record<string, string>> {
  return {
    TF_CPP_MIN_LOG_LEVEL: "2",
    TF_NUM_INTRAOP_THREADS: String(intraOpThreads),
    TF_NUM_INTEROP_THREADS: "1",
  };
}
