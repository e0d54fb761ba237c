import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Registry } from "prom-client";
import type { Protocol, Verb } from "./inference.ts";
import type { TensorSpec } from "./signature.ts";
import type { NamedTensors } from "./tensor.ts";

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
