import type { NamedTensors } from "../contract/tensor.ts";
import type { InferResult } from "./infer.ts";
import type { ModelMetadata } from "./metadata.ts";
import type { ModelInputs, ModelInstance, ModelOutputs } from "./model-types.ts";
import type { GenerateOptions, InferOptions, ModelOptions, PredictOptions } from "./options.ts";

type AnswerStream<T> = AsyncGenerator<T, void, undefined>;

/** What a model's client needs of its server's. */
interface ServerClient {
  infer(name: string, inputs: NamedTensors, options?: InferOptions): Promise<InferResult>;
  inferStream(name: string, inputs: NamedTensors, options?: InferOptions): AnswerStream<InferResult>;
  modelReady(name: string, options?: ModelOptions): Promise<boolean>;
  modelMetadata(name: string, options?: ModelOptions): Promise<ModelMetadata>;
}

interface RestServerClient extends ServerClient {
  predict(name: string, instances: readonly unknown[], options?: PredictOptions): Promise<unknown>;
  explain(name: string, instances: readonly unknown[], options?: PredictOptions): Promise<unknown>;
  predictStream(name: string, instances: readonly unknown[], options?: PredictOptions): AnswerStream<unknown>;
  generate(name: string, textInput: string, options?: GenerateOptions): Promise<string>;
  generateStream(name: string, textInput: string, options?: GenerateOptions): AnswerStream<string>;
}

/**
 * One model of a server, typed by its declaration. Made by the `model` of a client, whose connections it uses.
 * @typeParam Declaration a claim of the caller's, which nothing checks
 */
export class ModelClient<Declaration = unknown> {
  readonly name: string;
  /** Undefined: the one the server chooses. */
  readonly version: string | undefined;
  readonly #client: ServerClient;

  /** @internal */
  constructor(client: ServerClient, name: string, version: string | undefined) {
    this.#client = client;
    this.name = name;
    this.version = version;
  }

  /** Whether the model can answer. */
  ready(options: ModelOptions = {}): Promise<boolean> {
    return this.#client.modelReady(this.name, { version: this.version, ...options });
  }

  /** The model's versions, platform, inputs and outputs. */
  metadata(options: ModelOptions = {}): Promise<ModelMetadata> {
    return this.#client.modelMetadata(this.name, { version: this.version, ...options });
  }

  /** Asks V2's infer, as the `infer` of the client does. With `outputs` among the options, the others are not there. */
  async infer(
    inputs: ModelInputs<Declaration>,
    options: InferOptions = {},
  ): Promise<InferResult<ModelOutputs<Declaration>>> {
    const given = definedOf(inputs);
    const result = await this.#client.infer(this.name, given, { version: this.version, ...options });
    return result as InferResult<ModelOutputs<Declaration>>;
  }

  /** Asks for a stream of answers, as the `inferStream` of the client does. As {@link infer}. */
  inferStream(
    inputs: ModelInputs<Declaration>,
    options: InferOptions = {},
  ): AsyncGenerator<InferResult<ModelOutputs<Declaration>>, void, undefined> {
    const given = definedOf(inputs);
    const answers = this.#client.inferStream(this.name, given, { version: this.version, ...options });
    return answers as AnswerStream<InferResult<ModelOutputs<Declaration>>>;
  }
}

/** One model of a server that is asked over REST, where there is V1 as well. */
export class RestModelClient<Declaration = unknown> extends ModelClient<Declaration> {
  readonly #client: RestServerClient;

  /** @internal */
  constructor(client: RestServerClient, name: string, version: string | undefined) {
    super(client, name, version);
    this.#client = client;
  }

  /**
   * Asks V1's `:predict`, as the `predict` of the client does.
   * @typeParam Answer what the model is known to answer: V1's form of it is not in its declaration
   */
  async predict<Answer = unknown>(
    instances: readonly ModelInstance<Declaration>[],
    options: PredictOptions = {},
  ): Promise<Answer> {
    return (await this.#client.predict(this.name, instances, options)) as Answer;
  }

  /** Asks V1's `:explain`. As {@link predict}. */
  async explain<Answer = unknown>(
    instances: readonly ModelInstance<Declaration>[],
    options: PredictOptions = {},
  ): Promise<Answer> {
    return (await this.#client.explain(this.name, instances, options)) as Answer;
  }

  /** Asks V1's `:predict` for a stream of answers, as the `predictStream` of the client does. As {@link predict}. */
  predictStream<Answer = unknown>(
    instances: readonly ModelInstance<Declaration>[],
    options: PredictOptions = {},
  ): AsyncGenerator<Answer, void, undefined> {
    return this.#client.predictStream(this.name, instances, options) as AnswerStream<Answer>;
  }

  /** The text that goes with a text, as the `generate` of the client gives it. */
  generate(textInput: string, options: GenerateOptions = {}): Promise<string> {
    return this.#client.generate(this.name, textInput, { version: this.version, ...options });
  }

  /** The same piece by piece, as the `generateStream` of the client gives it. */
  generateStream(textInput: string, options: GenerateOptions = {}): AsyncGenerator<string, void, undefined> {
    return this.#client.generateStream(this.name, textInput, { version: this.version, ...options });
  }
}

/** An optional input may be undefined as well as absent. */
function definedOf(inputs: object): NamedTensors {
  const given: Record<string, NamedTensors[string]> = {};
  const entries = Object.entries(inputs as Readonly<Record<string, NamedTensors[string] | undefined>>);
  for (const [name, value] of entries) if (value !== undefined) given[name] = value;
  return given;
}
