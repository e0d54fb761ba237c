import type { NamedTensors } from "../contract/tensor.ts";
import { type Address, checkName, modelPath, pathSegment } from "./address.ts";
import { generateBody, readGenerated } from "./generate.ts";
import { type InferResult, inferBody, readInferResult } from "./infer.ts";
import {
  type ModelMetadata,
  type ServerMetadata,
  readModelMetadata,
  readModelNames,
  readServerMetadata,
} from "./metadata.ts";
import { RestModelClient } from "./model-client.ts";
import type {
  CallOptions,
  ClientOptions,
  GenerateOptions,
  InferOptions,
  ModelOptions,
  PredictOptions,
} from "./options.ts";
import { predictBody, readPrediction } from "./predict.ts";
import { type IndexedModel, readIndex } from "./repository.ts";
import { RestCalls } from "./rest-calls.ts";
import { eventTexts, generatedPieces, inferAnswers, predictAnswers } from "./rest-streams.ts";
import { checkPath, givenBody, jsonText } from "./sent-body.ts";
import { isNotFound } from "./server-error.ts";
import type { ServerAnswer, Transport } from "./transport.ts";

/** What Node's client and the browser's have in common: all but the way requests are sent. */
export class RestClient implements Disposable {
  readonly #calls: RestCalls;

  /** @param connect makes what carries the requests */
  protected constructor(
    baseUrl: string | URL,
    options: ClientOptions,
    connect: (address: Address) => Transport,
  ) {
    this.#calls = new RestCalls(baseUrl, options, connect);
  }

  /** The server's URL, without a slash at its end. */
  get baseUrl(): string {
    return this.#calls.baseUrl;
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
    return this.#calls.health("/v2/health/live", "live", options);
  }

  /** Whether the server can answer for all its models. False when it answers 503 or 400. */
  async ready(options: CallOptions = {}): Promise<boolean> {
    return this.#calls.health("/v2/health/ready", "ready", options);
  }

  /** Whether one model can answer. False when the server answers 503 or 400; throws when it has no such model. */
  async modelReady(name: string, options: ModelOptions = {}): Promise<boolean> {
    return this.#calls.health(`${modelPath(name, options.version)}/ready`, "ready", options);
  }

  /** Names of the models, from `/v2/models`, or from `/v1/models` where the server does not have the former. */
  async models(options: CallOptions = {}): Promise<string[]> {
    try {
      return readModelNames(await this.#calls.get("/v2/models", options));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    return readModelNames(await this.#calls.get("/v1/models", options));
  }

  /** The server's name, version and extensions. */
  async serverMetadata(options: CallOptions = {}): Promise<ServerMetadata> {
    return readServerMetadata(await this.#calls.get("/v2", options));
  }

  /** A model's versions, platform, inputs and outputs. */
  async modelMetadata(name: string, options: ModelOptions = {}): Promise<ModelMetadata> {
    return readModelMetadata(await this.#calls.get(modelPath(name, options.version), options));
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
    const answer = await this.#calls.post(path, predictBody(instances, options.parameters), options);
    return readPrediction(answer, "predictions") as Answer;
  }

  /**
   * Asks V1's `:predict` for a stream of events. The request is sent when the first answer is asked for; leaving the
   * loop ends it at the server.
   * @typeParam Answer what each answer's `predictions` are known to be; a claim of the caller's, which nothing checks
   * @param instances one value an instance, as {@link predict} takes them
   * @returns what `predictions` holds, of each answer as it comes; an answer that has none as a whole; a text where the
   * event is no JSON object. One answer, where the server does not stream
   */
  predictStream<Answer = unknown>(
    name: string,
    instances: readonly unknown[],
    options: PredictOptions = {},
  ): AsyncGenerator<Answer, void, undefined> {
    return predictAnswers(this.#calls, name, instances, options) as AsyncGenerator<Answer, void, undefined>;
  }

  /** Asks V1's `:explain`. As {@link predict}, with `explanations` for `predictions`. */
  async explain<Answer = unknown>(
    name: string,
    instances: readonly unknown[],
    options: PredictOptions = {},
  ): Promise<Answer> {
    const path = `/v1/models/${pathSegment(name, "name")}:explain`;
    const answer = await this.#calls.post(path, predictBody(instances, options.parameters), options);
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
    const binary = options.binary ?? this.#calls.options.binary;
    const body = inferBody(inputs, binary, binary, options);
    const answer = await this.#calls.post(path, body, options);
    return readInferResult(answer, this.#calls.options.maxAnswerBytes) as InferResult<Outputs>;
  }

  /**
   * Asks V2's `infer_stream`, ours and MLServer's, for a stream of events; `infer`, where that is not there. The request
   * is sent when the first answer is asked for; leaving the loop ends it at the server. Answers are JSON, as events are
   * text.
   * @typeParam Outputs as of {@link infer}
   * @param inputs tensors by name. Their memory is sent as it is: leave it alone until the first answer is there
   * @returns each answer as it comes. One, where the model does not stream
   */
  inferStream<Outputs extends NamedTensors = NamedTensors>(
    name: string,
    inputs: NamedTensors,
    options: InferOptions = {},
  ): AsyncGenerator<InferResult<Outputs>, void, undefined> {
    const answers = inferAnswers(this.#calls, name, inputs, options);
    return answers as AsyncGenerator<InferResult<Outputs>, void, undefined>;
  }

  /** Asks `/generate` of V2 for the text that goes with a text. */
  async generate(name: string, textInput: string, options: GenerateOptions = {}): Promise<string> {
    const path = `${modelPath(name, options.version)}/generate`;
    const answer = await this.#calls.post(path, generateBody(textInput, options), options);
    return readGenerated(answer.bytes).text;
  }

  /**
   * Asks `/generate_stream` of V2. The request is sent when the first piece is asked for; leaving the loop ends it at the
   * server.
   * @returns the text piece by piece
   */
  generateStream(
    name: string,
    textInput: string,
    options: GenerateOptions = {},
  ): AsyncGenerator<string, void, undefined> {
    return generatedPieces(this.#calls, name, textInput, options);
  }

  /**
   * The models of the server's repository, loaded or not.
   * @param options `ready`: only those that can answer. Default false
   */
  async repositoryIndex(options: CallOptions & { readonly ready?: boolean } = {}): Promise<IndexedModel[]> {
    const body = jsonText(options.ready === true ? `{"ready":true}` : "{}");
    return readIndex(await this.#calls.read("/v2/repository/index", body, options));
  }

  /** Loads a model of the repository, or loads it anew. Returns when it is loaded. */
  async loadModel(name: string, options: CallOptions = {}): Promise<void> {
    await this.#calls.post(
      `/v2/repository/models/${pathSegment(name, "name")}/load`,
      jsonText("{}"),
      options,
    );
  }

  /** Unloads a model; it stays in the repository. */
  async unloadModel(name: string, options: CallOptions = {}): Promise<void> {
    await this.#calls.post(
      `/v2/repository/models/${pathSegment(name, "name")}/unload`,
      jsonText("{}"),
      options,
    );
  }

  /**
   * POSTs a body that is ready to be sent, and gives the answer as it came.
   *
   * @param path behind the base URL, with its escapes, such as `/v1/models/iris:predict`
   * @param body sent as `application/json`, unless `headers` has another `content-type`
   */
  async send(path: string, body: string | Uint8Array, options: CallOptions = {}): Promise<ServerAnswer> {
    return this.#calls.post(checkPath(path), givenBody(body), options);
  }

  /**
   * POSTs a body that is ready to be sent, and gives the data of each event that comes.
   *
   * @param path as of {@link send}
   * @param body as of {@link send}
   * @returns texts; of an answer that is no stream of events its body
   */
  sendStream(
    path: string,
    body: string | Uint8Array,
    options: CallOptions = {},
  ): AsyncGenerator<string, void, undefined> {
    return eventTexts(this.#calls, path, body, options);
  }

  /** Closes the connections. Calls under way, and later ones, fail. */
  close(): void {
    this.#calls.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
