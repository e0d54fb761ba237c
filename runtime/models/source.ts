import type { CodeSnapshot } from "./code-snapshot.ts";
import type { RemoteSettings } from "../remote/settings.ts";

/** Where a model comes from: what `discoverModel` found in a folder. At least one of the two paths, or `remote`, is set. */
export interface ModelSource {
  /** The name in the URLs. */
  readonly name: string;
  /** The predictor module, absolute; undefined when the engine runs the model by itself. */
  readonly predictorPath: string | undefined;
  /** The model file an engine can load, absolute; undefined when there is none. */
  readonly modelFile: string | undefined;
  /** `ctx.modelDir`, absolute. */
  readonly modelDir: string;
  /** Name of the version folder it lies in, such as `3`; undefined where the model has no version folders. */
  readonly version?: string | undefined;
  /**
   * How often the predictor's code was loaded before by this process, after it changed. A thread keeps a module it
   * has imported, so that changed code has to be asked for by another URL. Default 0.
   */
  readonly generation?: number;
  /** What the predictor's module is, where its project is watched. Default: what its file says when it is loaded. */
  readonly code?: CodeSnapshot;
  /**
   * Where the project is watched: a text that stays as long as the model's files and the engine's settings do, so that
   * a thread which has the model may keep it when only code has changed. Default: it is loaded.
   */
  readonly modelKey?: string;
  /** Transformer mode: the predictor that stands in the place of a model file. */
  readonly remote?: RemoteSettings;
}
