import type { PredictorKind } from "../../contract/deploy-config.ts";

/** What can answer the predictions. */
export const PREDICTOR_KINDS = [
  "custom",
  "tensorflow",
  "pytorch",
  "sklearn",
  "xgboost",
  "onnx",
  "lightgbm",
  "huggingface",
  "triton",
] as const satisfies readonly PredictorKind[];
