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
  /** Transformer mode: the predictor that stands in the place of a model file. */
  readonly remote?: RemoteSettings;
}
