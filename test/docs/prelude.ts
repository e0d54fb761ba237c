/** What a snippet of docs/ may use without saying where it is from. Names that it imports itself stand in front. */
import type * as contract from "kserve-ts";
import type * as client from "kserve-ts/client";

declare global {
  var InferenceClient: typeof client.InferenceClient;
  var GrpcInferenceClient: typeof client.GrpcInferenceClient;
  var defineConfig: typeof contract.defineConfig;
  var isKtsError: typeof contract.isKtsError;
  var tensor: typeof contract.tensor;
  /** The input of the client's snippets. */
  var image: contract.Tensor<"FP32">;
  type RequestContext = contract.RequestContext;
  /** A model that writes a text, token by token. */
  interface Model {
    generate(prompt: string, options: { readonly signal: AbortSignal }): AsyncIterable<string>;
  }
  interface Prompt {
    readonly prompt: string;
  }
}
