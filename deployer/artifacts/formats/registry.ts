import type { ModelFormat } from "../types.ts";
import type { StandardFormat } from "./format.ts";
import { huggingface } from "./huggingface.ts";
import { lightgbm } from "./lightgbm.ts";
import { onnx } from "./onnx.ts";
import { paddle } from "./paddle.ts";
import { pmml } from "./pmml.ts";
import { pytorch } from "./pytorch.ts";
import { sklearn } from "./sklearn.ts";
import { tensorflow } from "./tensorflow.ts";
import { triton } from "./triton.ts";
import { xgboost } from "./xgboost.ts";

/** Every standard format. */
export const STANDARD_FORMATS: Readonly<Record<ModelFormat, StandardFormat>> = {
  tensorflow,
  pytorch,
  sklearn,
  xgboost,
  lightgbm,
  onnx,
  pmml,
  paddle,
  huggingface,
  triton,
};
