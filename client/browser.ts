/** Entry point `kserve-ts/client` in browsers: REST only. A new export here is public API. */
import { FetchTransport } from "./http/fetch-transport.ts";
import type { ClientOptions } from "./options.ts";
import { RestClient } from "./rest-client.ts";

export type { InferResult } from "./infer.ts";
export type { ModelMetadata, ServerMetadata } from "./metadata.ts";
export type { ModelClient, RestModelClient } from "./model-client.ts";
export type { ModelInputs, ModelInstance, ModelOutputs } from "./model-types.ts";
export type {
  CallOptions,
  ClientOptions,
  GenerateOptions,
  InferOptions,
  ModelOptions,
  PredictOptions,
} from "./options.ts";
export type { IndexedModel } from "./repository.ts";
export type { HttpHeaders, ServerAnswer } from "./transport.ts";

/**
 * A client of one server that speaks KServe's V1 or V2 (the Open Inference Protocol) over REST, for browsers: as
 * Node's, but by fetch, so that `host` cannot be among the headers and redirects are followed. A server of another
 * origin has to allow the page's (CORS), and to expose the header Inference-Header-Content-Length, or be asked with
 * `binary: false`.
 */
export class InferenceClient extends RestClient {
  /**
   * @param baseUrl of the server, such as `location.origin`; a path in it is kept in front of every request's
   * @throws InvalidInput when the URL or an option cannot be used
   */
  constructor(baseUrl: string | URL, options: ClientOptions = {}) {
    super(baseUrl, options, (address) => new FetchTransport(address));
  }
}
