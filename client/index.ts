/** Entry point `kserve-ts/client`: asks a served model. A new export here is public API. */
export { InferenceClient } from "./inference-client.ts";
export { GrpcInferenceClient } from "./grpc/grpc-inference-client.ts";
export type { Duration, ModelStatistics } from "./grpc/statistics.ts";
export type { InferResult } from "./infer.ts";
export type { ModelMetadata, ServerMetadata } from "./metadata.ts";
export type { ModelClient, RestModelClient } from "./model-client.ts";
export type { ModelInputs, ModelInstance, ModelOutputs } from "./model-types.ts";
export type {
  CallOptions,
  ClientOptions,
  GenerateOptions,
  GrpcClientOptions,
  InferOptions,
  ModelOptions,
  PredictOptions,
} from "./options.ts";
export type { IndexedModel } from "./repository.ts";
export type { HttpHeaders, ServerAnswer } from "./transport.ts";
