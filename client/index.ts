/** Entry point `kserve-ts/client`: asks a served model. A new export here is public API. */
export { InferenceClient } from "./inference-client.ts";
export type { InferResult } from "./infer.ts";
export type { ModelMetadata, ServerMetadata } from "./metadata.ts";
export type { CallOptions, ClientOptions, InferOptions, ModelOptions, PredictOptions } from "./options.ts";
export type { HttpHeaders, ServerAnswer } from "./transport.ts";
