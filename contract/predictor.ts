import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Registry } from "prom-client";
import type { Datatype, DatatypeArray } from "./datatype.ts";
import type { Protocol, Verb } from "./inference.ts";
import type { TensorSpec } from "./signature.ts";
import type { NamedTensors, Tensor } from "./tensor.ts";

/** A value, or a promise of it. Every function of a predictor may be sync or async. */
export type Awaitable<T> = T | Promise<T>;

/**
 * What `predict` may return: an answer, or, from an async generator, many of them. A client that asks for a stream
 * gets each as it comes; any other gets them all together at the end: tensors joined along the first dimension,
 * anything else as an array with one value an answer. When the client leaves or the deadline passes, `ctx.signal` is
 * aborted and the generator's `finally` blocks run. The deadline is for the last answer. While a stream is under way it
 * takes one of the worker's `concurrency`, and waits for a client that reads slowly.
 */
export type Streamable<T> = Awaitable<T | AsyncIterable<T>> | AsyncIterable<T>;

/** Log lines of a predictor; each carries the model's name and, inside a request, its id. */
export interface PredictorLog {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** What `load` gets. */
export interface LoadContext {
  /**
   * Folder of the model's files: `/mnt/models` in a cluster, or what `--model_dir` names; within it the version's
   * folder, where the model has versions.
   */
  readonly modelDir: string;
  /** The name in the URLs. */
  readonly modelName: string;
  /** Name of the version's folder, such as `3`; undefined where the model has no version folders. */
  readonly modelVersion?: string | undefined;
  /** The process's environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: PredictorLog;
  /** A prom-client registry for the predictor's own metrics; `/metrics` adds it up over all workers. */
  readonly metrics: Registry;
}

/** The requests that share one `predict`. */
export interface RequestBatch {
  /** Instances (rows) of all of them together. */
  readonly size: number;
  /** In the order of their rows. */
  readonly requestIds: readonly string[];
}

/** What each function of a predictor gets beside its input. */
export interface RequestContext {
  /** The caller's `x-request-id`, or a new one. */
  readonly requestId: string;
  /** The request's headers, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** V2: the request's `parameters`. V1: the body's members beside `instances`. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly protocol: Protocol;
  readonly verb: Verb;
  readonly modelName: string;
  /**
   * Aborted when the client leaves, the deadline passes or the server stops. In a `predict` that several requests
   * share: once that is so for every one of them.
   */
  readonly signal: AbortSignal;
  /**
   * Set in a `predict` that several requests share (see {@link PredictorPolicy.batching}); the other members are then
   * those of the first request. Left out elsewhere.
   */
  readonly batch?: RequestBatch | undefined;
  readonly log: PredictorLog;
  /** See {@link LoadContext.metrics}. */
  readonly metrics: Registry;
  /** The predictor behind this one, where the server was told its address (`--predictor_host`). */
  readonly remote: RemotePredictor | undefined;
}

/**
 * The request as `preProcess` gets it: two views of the same data, each made when it is first read.
 * V1 came as instances, V2 as tensors; reading the other view converts by the signature.
 */
export interface PredictRequest<Inputs extends NamedTensors = NamedTensors, Instance = unknown> {
  readonly protocol: Protocol;
  /** The form the data came in. */
  readonly kind: "instances" | "tensors";
  /**
   * A list with one value an instance. From V2: the tensors, unstacked along their first dimension; an instance is
   * the value itself where there is one input, else an object keyed by input name.
   * @throws InvalidInput when V2's tensors have no common first dimension
   */
  readonly instances: readonly Instance[];
  /**
   * Tensors by input name. From V1: the instances, stacked along a new first dimension as `inputs` says.
   * @throws InvalidInput when an instance does not fit `inputs`, or there is no signature to stack by
   */
  readonly tensors: Inputs;
}

/** A model that an engine loaded from a model file. */
export interface EngineModel {
  /** Name of the engine, such as `onnxruntime`. */
  readonly engine: string;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /**
   * Runs the model once.
   * @param inputs a tensor for each of the model's inputs
   * @param outputs which outputs to compute; default all
   * @throws InvalidInput when an input is missing, unknown, mistyped or misshapen
   */
  run(inputs: NamedTensors, outputs?: readonly string[]): Promise<NamedTensors>;
}

/**
 * The remote predictor of a transformer or explainer (`--predictor_host`), as one request sees it: a call carries the
 * request's id, trace and authorization, and ends when the request does. It is asked by the name this server has.
 *
 * Every method throws, beside what it says itself:
 * - HttpError with the remote's status, message and Retry-After, where that is 4xx or 5xx
 * - KtsError `KTS_SERVER_UNREACHABLE`, answered with 503: no connection; with 502: it broke before the answer was there
 * - KtsError `KTS_DEADLINE_EXCEEDED`, answered with 504: no answer within `--predictor_request_timeout_seconds`
 * - the signal's reason, once the request is aborted
 */
export interface RemotePredictor {
  /**
   * Asks V2's infer, whatever `--predictor_protocol` is. The request's `parameters` go along where it came by V2.
   * @param inputs tensors by name
   * @param outputs names of the outputs to answer with; default all
   */
  run(inputs: NamedTensors, outputs?: readonly string[]): Promise<NamedTensors>;
  /**
   * Asks V1's `:predict`, whatever `--predictor_protocol` is. Members of the body beside `instances` go along where the
   * request came by V1.
   * @returns the list that `predictions` holds; the whole body where that is no list
   */
  predict(instances: readonly unknown[]): Promise<unknown>;
  /** Asks V1's `:explain`. As {@link predict}, with `explanations` for `predictions`. */
  explain(instances: readonly unknown[]): Promise<unknown>;
  /**
   * As {@link run}, for the answers of a predictor that streams, each as it comes; one, where it does not. Asked when the
   * first is; leaving the loop ends the call.
   */
  runStream(inputs: NamedTensors, outputs?: readonly string[]): AsyncGenerator<NamedTensors, void, undefined>;
  /** As {@link predict}, for the answers of a predictor that streams. As {@link runStream}. */
  predictStream(instances: readonly unknown[]): AsyncGenerator<unknown, void, undefined>;
}

/** Tensors keyed by the names of a list of specs, each with its datatype. */
export type TensorsOf<Specs extends readonly TensorSpec[]> = {
  [Spec in Specs[number] as Spec["name"]]: Tensor<Spec["datatype"]>;
};

/** Plain JSON numbers, texts or flags, nested to any depth. */
export type Nested<T> = readonly (T | Nested<T>)[];

type Scalar<D extends Datatype> = D extends "BYTES"
  ? string | Uint8Array
  : D extends "BOOL"
    ? boolean
    : D extends "INT64" | "UINT64"
      ? number | bigint
      : number;

/** What a predictor may return for one output: a tensor, its bare elements, or nested plain values. */
export type OutputValue<D extends Datatype = Datatype> = Tensor<D> | DatatypeArray[D] | Nested<Scalar<D>>;

/** What a predictor may answer when it declares no `outputs`. */
export type AnyPrediction =
  Tensor | ArrayBufferView | readonly unknown[] | string | Readonly<Record<string, unknown>>;

/**
 * What a predictor may answer: with `outputs` declared a value for each by name, or just the value where there is
 * one; without, any of {@link AnyPrediction}.
 */
export type PredictionOf<Outputs> = Outputs extends readonly TensorSpec[]
  ? | { readonly [Spec in Outputs[number] as Spec["name"]]: OutputValue<Spec["datatype"]> }
    | (Outputs extends readonly [infer Only extends TensorSpec] ? OutputValue<Only["datatype"]> : never)
  : AnyPrediction;

/** The tensors that `inputs` declares; any, where it is left out. */
export type InputsOf<Inputs> = Inputs extends readonly TensorSpec[] ? TensorsOf<Inputs> : NamedTensors;

/** One instance as `instance`'s schema gives it; unknown, where it is left out. */
export type InstanceOf<Schema> = Schema extends StandardSchemaV1
  ? StandardSchemaV1.InferOutput<Schema>
  : unknown;

/**
 * What `predict` gets when there is no `preProcess`: the instances where `instance` is declared, else the tensors
 * where `inputs` are, else the request's own form (V1: a list of instances; V2: tensors by name).
 */
export type DirectInput<Inputs, Schema> = Schema extends StandardSchemaV1
  ? readonly InstanceOf<Schema>[]
  : Inputs extends readonly TensorSpec[]
    ? TensorsOf<Inputs>
    : readonly unknown[] | NamedTensors;

/** How requests share a `predict`. */
export interface BatchingOptions {
  /** Most instances (rows) of one run. A request that has more runs alone. Default 64. */
  readonly maxBatchSize?: number;
  /**
   * Milliseconds that a request may wait for others while a worker is free; less, where its deadline would not allow
   * it. Default 0: nothing waits for others, but what came while the workers were busy goes together.
   */
  readonly maxDelayMs?: number;
}

/** How a predictor runs. */
export interface PredictorPolicy {
  /**
   * Requests may share a `predict`: it gets their tensors joined along the first dimension, or their instances as one
   * list, and each caller gets its own rows of the answer. So every input and output must have the batch as its first
   * dimension, and a row's answer must not depend on the other rows. `true`: the defaults of {@link BatchingOptions}.
   *
   * `preProcess` and `postProcess` still run for each request by itself, those of several maybe at the same time;
   * `explain` never shares, nor does a request for a stream. Requests join whose tensors have the same names, datatypes and shapes beyond the first
   * dimension, and the same `ctx.parameters` where `predict` is the predictor's own. If a shared run throws, its
   * requests run again one by one, so that only those at fault fail; not so where the error is about all of them: an
   * `HttpError`, or another error of this package's, with a status of 500 or more, or 429.
   *
   * Default: false for a predictor with a `predict`; a model that an engine runs is tried at start, and its requests
   * share runs where a batch of random rows gives what the rows give one by one.
   */
  readonly batching?: boolean | BatchingOptions;
  /** Milliseconds a request may take, queueing included; then 504. Default: the server's `--request_timeout_ms`. */
  readonly timeoutMs?: number;
  /** Calls of the predictor that may be under way at once in one worker; raise it where predict awaits. Default 1. */
  readonly concurrency?: number;
  /**
   * `worker`: in worker threads, so that a busy predict never delays a health probe. `inline`: on the server's own
   * thread, for predictors that only await or do next to nothing. Default `worker`.
   */
  readonly execution?: "worker" | "inline";
}

interface Common<Inputs, Outputs, Schema, Model, Input> extends PredictorPolicy {
  /** The inputs' names, datatypes and shapes. Left out: the model file's own, or none. */
  readonly inputs?: Inputs;
  /** The outputs' names, datatypes and shapes. Left out: the model file's own, or none. */
  readonly outputs?: Outputs;
  /** A schema of one V1 instance (zod, or any Standard Schema); a request that does not fit is answered with 400. */
  readonly instance?: Schema;
  /**
   * Loads the model, once a worker. Left out: the model is the remote predictor, where there is one, else what an engine
   * loads from the model file of the model directory, if any.
   */
  load?(ctx: LoadContext): Awaitable<Model>;
  /** Turns the request into what `predict` takes. */
  preProcess?(
    request: PredictRequest<InputsOf<Inputs>, InstanceOf<Schema>>,
    ctx: RequestContext,
  ): Awaitable<Input>;
  /** Answers V1's `:explain`. Left out: the remote predictor's, where there is one, else 501. */
  explain?(model: Model, input: Input, ctx: RequestContext): Awaitable<AnyPrediction>;
  /** Frees what `load` took. */
  unload?(model: Model): Awaitable<void>;
}

interface WithPostProcess<Outputs, Model, Input, Raw> {
  /** Runs the model. Its answer goes through `postProcess`; of a stream, each one. */
  predict(model: Model, input: Input, ctx: RequestContext): Streamable<Raw>;
  /** Turns predict's output into the answer. */
  postProcess(prediction: Raw, ctx: RequestContext): Awaitable<PredictionOf<Outputs>>;
}

interface WithoutPostProcess<Outputs, Model, Input> {
  /** Runs the model and answers; an async generator answers as a stream, see {@link Streamable}. */
  predict(model: Model, input: Input, ctx: RequestContext): Streamable<PredictionOf<Outputs>>;
  postProcess?: never;
}

interface EngineOnly<Outputs, Input> {
  /** Left out: the engine, or the remote predictor, runs the model on what preProcess returns. */
  predict?: never;
  /**
   * Turns the model's outputs, by name, into the answer. Where preProcess returns instances, which go to a remote
   * predictor, it gets what that one answers, of which nothing is known here: by V1 the list that `predictions` holds.
   */
  postProcess?(
    prediction: Input extends readonly unknown[] ? unknown : NamedTensors,
    ctx: RequestContext,
  ): Awaitable<PredictionOf<Outputs>>;
}

/** A predictor as the server sees it: the checked exports of a predictor module, types erased. */
export interface Predictor extends PredictorPolicy {
  readonly inputs?: readonly TensorSpec[];
  readonly outputs?: readonly TensorSpec[];
  readonly instance?: StandardSchemaV1;
  load?(ctx: LoadContext): unknown;
  preProcess?(request: PredictRequest, ctx: RequestContext): unknown;
  predict?(model: unknown, input: unknown, ctx: RequestContext): unknown;
  postProcess?(prediction: unknown, ctx: RequestContext): unknown;
  explain?(model: unknown, input: unknown, ctx: RequestContext): unknown;
  unload?(model: unknown): unknown;
}

/** What a predictor's type says of its requests and answers; a client can be typed by it. */
export type DeclaredBy<Inputs, Outputs, Schema> = (Inputs extends readonly TensorSpec[]
  ? { readonly inputs: Inputs }
  : unknown) &
  (Outputs extends readonly TensorSpec[] ? { readonly outputs: Outputs } : unknown) &
  (Schema extends StandardSchemaV1 ? { readonly instance: Schema } : unknown);

type Specs = readonly TensorSpec[] | undefined;
type Schema = StandardSchemaV1 | undefined;

/**
 * Declares a predictor and infers every type from its first declarations: `inputs`, `outputs` and `instance` type
 * the request and the answer, `load` types the model, `preProcess` types predict's input.
 *
 * @example
 * export default definePredictor({
 *   inputs: [{ name: "x", datatype: "FP32", shape: [-1, 4] }],
 *   outputs: [{ name: "sum", datatype: "FP32", shape: [-1] }],
 *   predict: (_model, { x }) => ({ sum: [x.data.reduce((a, b) => a + b)] }),
 * });
 */
export function definePredictor<
  const Inputs extends Specs = undefined,
  const Outputs extends Specs = undefined,
  S extends Schema = undefined,
  Model = EngineModel,
  Input = DirectInput<Inputs, S>,
>(
  predictor: Common<Inputs, Outputs, S, Model, Input> & WithoutPostProcess<Outputs, Model, Input>,
): Predictor & DeclaredBy<Inputs, Outputs, S>;
export function definePredictor<
  const Inputs extends Specs = undefined,
  const Outputs extends Specs = undefined,
  S extends Schema = undefined,
  Model = EngineModel,
  Input = DirectInput<Inputs, S>,
  Raw = unknown,
>(
  predictor: Common<Inputs, Outputs, S, Model, Input> & WithPostProcess<Outputs, Model, Input, Raw>,
): Predictor & DeclaredBy<Inputs, Outputs, S>;
export function definePredictor<
  const Inputs extends Specs = undefined,
  const Outputs extends Specs = undefined,
  S extends Schema = undefined,
  Input extends NamedTensors | readonly unknown[] = NamedTensors,
>(
  predictor: Common<Inputs, Outputs, S, EngineModel, Input> & EngineOnly<Outputs, Input>,
): Predictor & DeclaredBy<Inputs, Outputs, S>;
export function definePredictor(predictor: unknown): Predictor {
  return predictor as Predictor;
}
