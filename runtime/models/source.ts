/** Where a model comes from: what `discoverModel` found in a folder. At least one of the two paths is set. */
export interface ModelSource {
  /** The name in the URLs. */
  readonly name: string;
  /** The predictor module, absolute; undefined when the engine runs the model by itself. */
  readonly predictorPath: string | undefined;
  /** The model file an engine can load, absolute; undefined when there is none. */
  readonly modelFile: string | undefined;
  /** `ctx.modelDir`, absolute. */
  readonly modelDir: string;
}
