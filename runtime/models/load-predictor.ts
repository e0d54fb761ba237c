import { basename } from "node:path";
import type { Predictor } from "../../contract/predictor.ts";
import { loadModule } from "./load-module.ts";
import { importSnapshot } from "./import-snapshot.ts";
import { predictorFromExports } from "./predictor-exports.ts";
import type { ModelSource } from "./source.ts";

/**
 * Imports and checks a source's predictor; one without any functions where an engine runs the model by itself, or a
 * remote predictor does: asking that is all awaiting, so it needs no worker. Nothing of a module has run yet but its
 * top level.
 * @throws KtsError KTS_PREDICTOR_INVALID
 */
export async function loadPredictor(source: ModelSource): Promise<Predictor> {
  if (source.predictorPath === undefined) return source.remote === undefined ? {} : { execution: "inline" };
  const { predictorPath, code } = source;
  const exports =
    code === undefined
      ? await loadModule(predictorPath, source.generation)
      : await importSnapshot(code, predictorPath);
  return predictorFromExports(exports, {
    file: basename(predictorPath),
    hasModelFile: source.modelFile !== undefined,
    modelDir: source.modelDir,
    hasRemote: source.remote !== undefined,
  });
}
