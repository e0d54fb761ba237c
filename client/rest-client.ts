import { describeValue } from "../contract/describe.ts";
import { InvalidInput, type KtsError, isKtsError } from "../contract/errors.ts";
import type { NamedTensors } from "../contract/tensor.ts";
import { type EncodedBody, JSON_TYPE } from "../protocol/body.ts";
import { type Address, checkName, modelPath, parseAddress, pathSegment } from "./address.ts";
import { clientClosed } from "./http/connection-error.ts";
import { type InferResult, inferBody, readInferResult } from "./infer.ts";
import {
  type ModelMetadata,
  type ServerMetadata,
  readHealth,
  readModelMetadata,
  readModelNames,
  readServerMetadata,
} from "./metadata.ts";
import { RestModelClient } from "./model-client.ts";
import {
  type CallOptions,
  type ClientOptions,
  type InferOptions,
  type ModelOptions,
  type PredictOptions,
  type ResolvedOptions,
  resolveOptions,
} from "./options.ts";
import { predictBody, readPrediction } from "./predict.ts";
import { type IndexedModel, readIndex } from "./repository.ts";
import { requestHeaders } from "./request-headers.ts";
import { type RetryPlan, retryPlan, withRetries } from "./retry.ts";
import { successful } from "./server-error.ts";
import type { ServerAnswer, Transport } from "./transport.ts";

/** What KServe answers while it is not ready, and what MLServer and Triton do. */
const NOT_READY = [503, 400];

/** What Node's client and the browser's have in common: all but the way requests are sent. */
export class RestClient implements Disposable {
  readonly #address: Address;
  readonly #options: ResolvedOptions;
  readonly #transport: Transport;
  readonly #closing = new AbortController();

  /** @param connect makes what carries the requests */
  protected constructor(
    baseUrl: string | URL,
    options: ClientOptions,
    connect: (address: Address) => Transport,
  ) {
    this.#address = parseAddress(baseUrl);
    this.#options = resolveOptions(options);
    this.#transport = connect(this.#address);
  }

  /** The server's URL, without a slash at its end. */
  get baseUrl(): string {
    return this.#address.url;
  }

  /**
   * One model, so that its name is said once, and its inputs and outputs are typed.
   *
   * @typeParam Declaration what declares them: `typeof predictor` of a `definePredictor`, `typeof import("./predictor.ts")`,
   * or `{ inputs: typeof inputs; outputs: typeof outputs }`; a claim of the caller's, which nothing checks. Default: nothing
   * is known
   * @param version default: the one the server chooses
   * @example
   * const digits = client.model<typeof import("./predictor.ts")>("digits");
   * const { outputs } = await digits.infer({ image: tensor("FP32", [1, 28, 28], pixels) });
   */
  model<Declaration = unknown>(name: string, version?: string): RestModelClient<Declaration> {
    return new RestModelClient(this, checkName(name, "name"), version);
  }

  /** Whether the server runs. False when it answers 503 or 400; throws when it cannot be reached. */
  async live(options: CallOptions = {}): Promise<boolean> {
    return this.#health("/v2/health/live", "live", options);
  }

  /** Whether the server can answer for all its models. False when it answers 503 or 400. */
  async ready(options: CallOptions = {}): Promise<boolean> {
    return this.#health("/v2/health/ready", "ready", options);
  }

  /** Whether one model can answer. False when the server answers 503 or 400; throws when it has no such model. */
  async modelReady(name: string, options: ModelOptions = {}): Promise<boolean> {
    return this.#health(`${modelPath(name, options.version)}/ready`, "ready", options);
  }

  /** Names of the models, from `/v2/models`, or from `/v1/models` where the server does not have the former. */
  async models(options: CallOptions = {}): Promise<string[]> {
    try {
      return readModelNames(await this.#get("/v2/models", options));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    return readModelNames(await this.#get("/v1/models", options));
  }

  /** The server's name, version and extensions. */
  async serverMetadata(options: CallOptions = {}): Promise<ServerMetadata> {
    return readServerMetadata(await this.#get("/v2", options));
  }

  /** A model's versions, platform, inputs and outputs. */
  async modelMetadata(name: string, options: ModelOptions = {}): Promise<ModelMetadata> {
    return readModelMetadata(await this.#get(modelPath(name, options.version), options));
  }

  /**
   * Asks V1's `:predict`.
   *
   * @typeParam Answer what the model is known to answer; a claim of the caller's, which nothing checks
   * @param instances one value an instance; typed arrays and tensors become arrays, bytes become `{"b64": ...}`
   * @returns what `predictions` holds: nearly always a list with one value an instance. A body without `predictions`
   * as a whole: a JSON value, a string where it is plain text, a Uint8Array where it is an octet stream. Integers
   * beyond 2^53 are BigInts
   */
  async predict<Answer = unknown>(
    name: string,
    instances: readonly unknown[],
    options: PredictOptions = {},
  ): Promise<Answer> {
    const path = `/v1/models/${pathSegment(name, "name")}:predict`;
    const answer = await this.#post(path, predictBody(instances, options.parameters), options);
    return readPrediction(answer, "predictions") as Answer;
  }

  /** Asks V1's `:explain`. As {@link predict}, with `explanations` for `predictions`. */
  async explain<Answer = unknown>(
    name: string,
    instances: readonly unknown[],
    options: PredictOptions = {},
  ): Promise<Answer> {
    const path = `/v1/models/${pathSegment(name, "name")}:explain`;
    const answer = await this.#post(path, predictBody(instances, options.parameters), options);
    return readPrediction(answer, "explanations") as Answer;
  }

  /**
   * Asks V2's infer.
   *
   * @typeParam Outputs the tensors that the model is known to answer with, such as `TensorsOf<typeof outputs>`; a claim
   * of the caller's, which nothing checks
   * @param inputs tensors by name. Their memory is sent as it is: leave it alone until the call has ended
   * @returns the answer; tensors that came in binary form share the answer's memory
   */
  async infer<Outputs extends NamedTensors = NamedTensors>(
    name: string,
    inputs: NamedTensors,
    options: InferOptions = {},
  ): Promise<InferResult<Outputs>> {
    const path = `${modelPath(name, options.version)}/infer`;
    const body = inferBody(inputs, options.binary ?? this.#options.binary, options);
    const answer = await this.#post(path, body, options);
    return readInferResult(answer, this.#options.maxAnswerBytes) as InferResult<Outputs>;
  }

  /**
   * The models of the server's repository, loaded or not.
   * @param options `ready`: only those that can answer. Default false
   */
  async repositoryIndex(options: CallOptions & { readonly ready?: boolean } = {}): Promise<IndexedModel[]> {
    const body = jsonText(options.ready === true ? `{"ready":true}` : "{}");
    const answer = await this.#successful("POST", "/v2/repository/index", body, options, true);
    return readIndex(answer.bytes);
  }

  /** Loads a model of the repository, or loads it anew. Returns when it is loaded. */
  async loadModel(name: string, options: CallOptions = {}): Promise<void> {
    await this.#post(`/v2/repository/models/${pathSegment(name, "name")}/load`, jsonText("{}"), options);
  }

  /** Unloads a model; it stays in the repository. */
  async unloadModel(name: string, options: CallOptions = {}): Promise<void> {
    await this.#post(`/v2/repository/models/${pathSegment(name, "name")}/unload`, jsonText("{}"), options);
  }

  /**
   * POSTs a body that is ready to be sent, and gives the answer as it came.
   *
   * @param path behind the base URL, with its escapes, such as `/v1/models/iris:predict`
   * @param body sent as `application/json`, unless `headers` has another `content-type`
   */
  async send(path: string, body: string | Uint8Array, options: CallOptions = {}): Promise<ServerAnswer> {
    if (typeof path !== "string" || !path.startsWith("/")) {
      throw new InvalidInput(`expected a path that starts with /, got ${describeValue(path)}`, {
        path: "path",
      });
    }
    if (typeof body === "string") return this.#post(path, jsonText(body), options);
    return this.#post(path, { ...jsonText(""), tail: [body] }, options);
  }

  /** Closes the connections. Calls under way, and later ones, fail. */
  close(): void {
    this.#closing.abort(clientClosed());
    this.#transport.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #health(path: string, member: string, options: CallOptions): Promise<boolean> {
    return withRetries(this.#plan(options, true), async (timeoutMs) => {
      const answer = await this.#exchange("GET", path, undefined, options, timeoutMs);
      if (NOT_READY.includes(answer.status)) return false;
      return readHealth(successful(answer).bytes, member);
    });
  }

  async #get(path: string, options: CallOptions): Promise<Uint8Array> {
    return (await this.#successful("GET", path, undefined, options, true)).bytes;
  }

  #post(path: string, body: EncodedBody, options: CallOptions): Promise<ServerAnswer> {
    return this.#successful("POST", path, body, options, false);
  }

  /** @param reads see RetryPlan */
  #successful(
    method: "GET" | "POST",
    path: string,
    body: EncodedBody | undefined,
    options: CallOptions,
    reads: boolean,
  ): Promise<ServerAnswer> {
    return withRetries(this.#plan(options, reads), async (timeoutMs) =>
      successful(await this.#exchange(method, path, body, options, timeoutMs)),
    );
  }

  #plan(options: CallOptions, reads: boolean): RetryPlan {
    return retryPlan(this.#options, options, this.#closing.signal, reads);
  }

  #exchange(
    method: "GET" | "POST",
    path: string,
    body: EncodedBody | undefined,
    options: CallOptions,
    timeoutMs: number,
  ): Promise<ServerAnswer> {
    const { headers, maxAnswerBytes } = this.#options;
    return this.#transport.send({
      method,
      path: this.#address.prefix + path,
      headers: requestHeaders(body, headers, options),
      body: body && [body.head, ...body.tail],
      timeoutMs,
      signal: options.signal,
      maxAnswerBytes,
    });
  }
}

function jsonText(head: string): EncodedBody {
  return { contentType: JSON_TYPE, jsonLength: undefined, head, tail: [] };
}

function isNotFound(error: unknown): error is KtsError {
  return isKtsError(error) && error.code === "KTS_SERVER_ANSWERED" && error.status === 404;
}
