import type { Predictor } from "../../../contract/predictor.ts";
import { DEFAULT_LIMITS } from "../../../protocol/limits.ts";
import type { LogSink } from "../../../runtime/pipeline/predictor-log.ts";
import { PredictorRunner } from "../../../runtime/pipeline/runner.ts";

const models = new URL("../../fixtures/models/", import.meta.url).pathname;

/** A runner of a predictor that is given as it is. */
export function createRunner(predictor: Predictor, log: LogSink = () => undefined): Promise<PredictorRunner> {
  const source = {
    name: "own",
    predictorPath: "/none/predictor.ts",
    modelFile: undefined,
    modelDir: "/none",
  };
  return PredictorRunner.create(source, predictor, { intraOpThreads: 1, limits: DEFAULT_LIMITS, log });
}

/** A runner of a predictor on top of a fixture model. */
export function createModelRunner(model: string, predictor: Predictor = {}): Promise<PredictorRunner> {
  const modelDir = `${models}${model}/model`;
  const source = { name: model, predictorPath: undefined, modelFile: `${modelDir}/model.onnx`, modelDir };
  return PredictorRunner.create(source, predictor, {
    intraOpThreads: 1,
    limits: DEFAULT_LIMITS,
    log: () => undefined,
  });
}
