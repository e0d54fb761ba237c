import { describeValue } from "../../contract/describe.ts";
import { KtsError } from "../../contract/errors.ts";
import type { Verb } from "../../contract/inference.ts";
import type { RemotePredictor, RequestContext } from "../../contract/predictor.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import { type NamedTensors, isTensor } from "../../contract/tensor.ts";
import { stackInstances, unstackTensors } from "../../protocol/convert/index.ts";
import type { DecodeLimits } from "../../protocol/limits.ts";
import { attempt, attemptStream } from "./attempts.ts";
import { type RemoteCall, type RemoteConnection, openConnection } from "./connection.ts";
import { forwardedHeaders } from "./forwarded-headers.ts";
import type { RemoteSettings } from "./settings.ts";

/**
 * Calls that may be under way at once on one thread, where the predictor module does not say. They only wait, so one
 * thread has room for many; more at once would queue at the predictor, where nobody sees how long.
 */
export const REMOTE_CONCURRENCY = 256;

const NOTHING: Readonly<Record<string, never>> = Object.freeze({});

/** The predictor of a transformer, in the place of a model that an engine loaded. */
export class RemoteModel implements Disposable {
  readonly modelName: string;
  readonly settings: RemoteSettings;
  readonly connection: RemoteConnection;
  readonly limits: DecodeLimits;
  #inputs: readonly TensorSpec[] | undefined;

  /** Nothing is asked yet: the predictor may come up after its transformer. */
  static async open(modelName: string, settings: RemoteSettings, limits: DecodeLimits): Promise<RemoteModel> {
    return new RemoteModel(modelName, settings, await openConnection(settings), limits);
  }

  private constructor(
    modelName: string,
    settings: RemoteSettings,
    connection: RemoteConnection,
    limits: DecodeLimits,
  ) {
    this.modelName = modelName;
    this.settings = settings;
    this.connection = connection;
    this.limits = limits;
  }

  /** The predictor as one request sees it. */
  forRequest(context: RequestContext): BoundRemote {
    return new BoundRemote(this, context);
  }

  /** The predictor's inputs, asked for until it has told them once. */
  async inputs(ask: () => Promise<readonly TensorSpec[]>): Promise<readonly TensorSpec[]> {
    if (this.#inputs === undefined) {
      const inputs = await ask();
      if (inputs.length === 0) {
        throw new KtsError(
          "KTS_PREDICTOR_FAILED",
          "The predictor does not tell its inputs, so instances cannot become its tensors.",
          { hint: "Return tensors by name from preProcess, or ask by --predictor_protocol v1." },
        );
      }
      this.#inputs = inputs;
    }
    return this.#inputs;
  }

  [Symbol.dispose](): void {
    this.connection[Symbol.dispose]();
  }
}

/** Carries one request's signal, headers and parameters into each call. */
export class BoundRemote implements RemotePredictor {
  readonly #remote: RemoteModel;
  readonly #context: RequestContext;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(remote: RemoteModel, context: RequestContext) {
    this.#remote = remote;
    this.#context = context;
    this.#headers = {
      ...forwardedHeaders(context.headers, remote.settings.headers),
      "x-request-id": context.requestId,
    };
  }

  /** What answers where the predictor module has no function of its own: by the protocol the server was told. */
  async answer(verb: Verb, input: unknown): Promise<unknown> {
    const asksV1 = verb === "explain" || this.#remote.connection.carries === "instances";
    return asksV1 ? this.#ask(verb, instancesOf(input, verb)) : this.run(await this.#tensorsOf(input, verb));
  }

  /** As {@link answer}, for the answers of a predictor that streams. */
  async *answerStream(input: unknown): AsyncGenerator<unknown, void, undefined> {
    const asksV1 = this.#remote.connection.carries === "instances";
    if (asksV1) yield* this.predictStream(instancesOf(input, "predict"));
    else yield* this.runStream(await this.#tensorsOf(input, "predict"));
  }

  run(inputs: NamedTensors, outputs?: readonly string[]): Promise<NamedTensors> {
    const { connection, modelName } = this.#remote;
    return this.#attempt(this.#v2Parameters, (call) => connection.infer(modelName, inputs, outputs, call));
  }

  runStream(
    inputs: NamedTensors,
    outputs?: readonly string[],
  ): AsyncGenerator<NamedTensors, void, undefined> {
    const { connection, modelName } = this.#remote;
    return this.#attemptStream(this.#v2Parameters, (call) =>
      connection.inferStream(modelName, inputs, outputs, call),
    );
  }

  predict(instances: readonly unknown[]): Promise<unknown> {
    return this.#ask("predict", instances);
  }

  predictStream(instances: readonly unknown[]): AsyncGenerator<unknown, void, undefined> {
    const { connection, modelName } = this.#remote;
    return this.#attemptStream(this.#v1Parameters, (call) =>
      connection.askStream(modelName, instances, call),
    );
  }

  explain(instances: readonly unknown[]): Promise<unknown> {
    return this.#ask("explain", instances);
  }

  #ask(verb: Verb, instances: readonly unknown[]): Promise<unknown> {
    const { connection, modelName } = this.#remote;
    return this.#attempt(this.#v1Parameters, (call) => connection.ask(verb, modelName, instances, call));
  }

  async #tensorsOf(input: unknown, verb: Verb): Promise<NamedTensors> {
    if (!Array.isArray(input)) return asTensors(input, verb);
    return stackInstances(input, await this.#inputs(), this.#remote.limits);
  }

  #inputs(): Promise<readonly TensorSpec[]> {
    const { connection, modelName } = this.#remote;
    return this.#remote.inputs(() => this.#attempt(NOTHING, (call) => connection.inputs(modelName, call)));
  }

  get #v1Parameters(): RemoteCall["parameters"] {
    return this.#context.protocol === "v1" ? this.#context.parameters : NOTHING;
  }

  get #v2Parameters(): RemoteCall["parameters"] {
    return this.#context.protocol === "v1" ? NOTHING : this.#context.parameters;
  }

  #attempt<T>(parameters: RemoteCall["parameters"], ask: (call: RemoteCall) => Promise<T>): Promise<T> {
    const { signal } = this.#context;
    const headers = this.#headers;
    return attempt(this.#remote.settings, signal, (timeoutMs) =>
      ask({ signal, timeoutMs, headers, parameters }),
    );
  }

  #attemptStream<T>(
    parameters: RemoteCall["parameters"],
    ask: (call: RemoteCall) => AsyncGenerator<T, void, undefined>,
  ): AsyncGenerator<T, void, undefined> {
    const { signal } = this.#context;
    const headers = this.#headers;
    return attemptStream(this.#remote.settings, signal, (timeoutMs) =>
      ask({ signal, timeoutMs, headers, parameters }),
    );
  }
}

function instancesOf(input: unknown, verb: Verb): readonly unknown[] {
  return Array.isArray(input) ? input : unstackTensors(asTensors(input, verb));
}

/** What preProcess gave, where it is no list. */
function asTensors(input: unknown, verb: Verb): NamedTensors {
  if (typeof input === "object" && input !== null) {
    const members = Object.values(input);
    if (members.length > 0 && members.every(isTensor)) return input as NamedTensors;
  }
  throw new KtsError(
    "KTS_PREDICTOR_FAILED",
    `preProcess returned ${describeValue(input)}, but the remote ${verb} takes a list of instances, or tensors by name`,
  );
}
