/** Entry point `kserve-ts`: what a predictor module or a config file imports. A new export here is public API. */
export { defineConfig } from "./config.ts";
export { definePredictor } from "./define-predictor.ts";
export { HttpError, InvalidInput, KtsError, isKtsError } from "./errors.ts";
export { elementCount, isTensor, strings, tensor } from "./tensor.ts";
export { fromFloat32, toFloat32 } from "./half.ts";
export { DATATYPES, isDatatype } from "./datatype.ts";
export type { KserveConfig, ModelConfig, ServerConfig, TestConfig, VersionsSetting } from "./config.ts";
export type {
  BatcherConfig,
  CanaryConfig,
  ComponentConfig,
  DeployConfig,
  DeployModelConfig,
  DeploymentMode,
  EnvConfig,
  EnvSource,
  GpuConfig,
  GraphConfig,
  GraphNodeConfig,
  GraphStepConfig,
  GraphStepsConfig,
  IdentityConfig,
  LoggerConfig,
  PredictorKind,
  QuantitySetting,
  ResourcesConfig,
  ScalingConfig,
  SecretConfig,
  TargetConfig,
  TolerationConfig,
  TorchServeConfig,
} from "./deploy-config.ts";
export type { EngineSettings, OnnxGraphOptimization, OnnxSettings } from "./engine-settings.ts";
export type { Datatype, DatatypeArray } from "./datatype.ts";
export type { ErrorCode } from "./errors.ts";
export type { AnyPrediction, OutputValue, PredictionOf, TensorsOf } from "./define-predictor.ts";
export type { Protocol, Verb } from "./inference.ts";
export type {
  BatchingOptions,
  EngineModel,
  LoadContext,
  Predictor,
  PredictorLog,
  PredictorPolicy,
  PredictRequest,
  RemotePredictor,
  RequestBatch,
  RequestContext,
  Streamable,
} from "./predictor.ts";
export type { Signature, TensorSpec } from "./signature.ts";
export type { NamedTensors, Tensor, TensorElements } from "./tensor.ts";
