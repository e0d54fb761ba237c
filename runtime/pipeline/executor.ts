import type { Payload, Prediction, Protocol, Verb } from "../../contract/inference.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import type { RunCounts } from "../telemetry/run-counts.ts";

/** One request as it reaches the predictor: plain data that crosses a thread boundary. */
export interface Job {
  readonly verb: Verb;
  readonly protocol: Protocol;
  readonly requestId: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly payload: Payload;
  /** When it has to be answered, by this thread's `performance.now`; it stays on this thread. Undefined: no limit. */
  readonly deadlineAt?: number;
}

/** Milliseconds each stage took; 0 for a stage the predictor does not have. */
export interface StageTimings {
  /** Waiting for a worker. */
  queue: number;
  preProcess: number;
  /** predict, or explain where the verb says so. */
  predict: number;
  postProcess: number;
}

/** A run of predict that a request had a part in. */
export interface RunShare {
  /** Requests that shared it. */
  readonly requests: number;
  /** Instances that it took together. */
  readonly rows: number;
  /** Whether this request is the one of the run's that counts for it: the first. */
  readonly leads: boolean;
}

/** A predictor's answer. */
export interface JobResult {
  readonly prediction: Prediction;
  readonly timings: StageTimings;
  /** Undefined: a run of its own, of as many instances as the request has. */
  readonly run?: RunShare;
}

/** The answers to one request, as they come. For one reader. */
export interface PredictionStream extends AsyncIterable<Prediction>, AsyncDisposable {
  /** What the stages took: final once the stream has ended, 0 before. predict and postProcess are those of all answers. */
  readonly timings: StageTimings;
  next(): Promise<IteratorResult<Prediction, undefined>>;
  /** Ends the stream: nobody reads any more. Doing so twice does no harm. */
  return(): Promise<IteratorResult<Prediction, undefined>>;
  [Symbol.asyncIterator](): PredictionStream;
}

/** How requests share runs, its defaults filled in. */
export interface BatchPolicy {
  /** Most instances of one run. */
  readonly maxBatchSize: number;
  /** Milliseconds that a request may wait for others. */
  readonly maxDelayMs: number;
  /** True: decided at start by trying the model out, not by the predictor. */
  readonly automatic: boolean;
}

/** What the server has to know of a loaded model; decided once, when it is registered. */
export interface ModelInfo {
  /** V2 metadata's `platform`: the engine's, or `kserve-ts` for a handwritten predictor. */
  readonly platform: string;
  /** The signature on the wire; empty lists where it is not known. */
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /**
   * True: V1 instances are stacked into tensors by `inputs`, and V2 tensors checked against them, before the request
   * is queued. False: the predictor gets the request's own form, through `preProcess` or `instance`, or because
   * there is no signature.
   */
  readonly takesTensors: boolean;
  /** The predictor can answer `:explain`. */
  readonly explains: boolean;
  /** The predictor's own `timeoutMs`. */
  readonly timeoutMs: number | undefined;
  readonly execution: "worker" | "inline";
  /** How requests share runs; undefined where they do not. */
  readonly batching: BatchPolicy | undefined;
  /** Why requests do not share runs; undefined where they do. */
  readonly noBatchingReason: string | undefined;
  /** Milliseconds that load took. */
  readonly loadMs: number;
  /**
   * Of a watched project: whether the model was there already, and only code around it has changed. Undefined elsewhere,
   * and where the predictor has no model.
   */
  readonly isModelKept?: boolean;
}

/** How busy an executor is. */
export interface ExecutorLoad {
  /** Requests that wait for a worker. */
  readonly queued: number;
  /** Requests that a worker (or the inline runner) has. */
  readonly running: number;
  /** Workers that can take requests. */
  readonly workers: number;
}

/** Runs a loaded model's predictor: in this thread, or in a pool of worker threads. */
export interface Executor extends AsyncDisposable {
  readonly info: ModelInfo;
  /** Why the model cannot answer now; undefined while it can. */
  readonly notReadyReason: string | undefined;
  readonly load: ExecutorLoad;
  /** The runs so far. */
  readonly runCounts: RunCounts;
  /**
   * Runs one request. The job's tensors may be taken over: do not touch them afterwards.
   * @throws KtsError whatever went wrong: bad input, a full queue, a dead worker, an abort (`signal.reason`)
   */
  run(job: Job, signal: AbortSignal): Promise<JobResult>;
  /**
   * Runs one request and gives its answers as they come: those of a `predict` that is an async generator, else the one
   * there is. The job's tensors may be taken over. A failure, the abort of `signal` (with its reason) and the death of
   * the worker reject the next reading, each with a KtsError; what came before a failure is given first. Who stops
   * reading ends the stream by `return` (leaving a `for await` does): `ctx.signal` is aborted and the predictor's
   * `finally` blocks run. It does not start before there is room, as `run`; whether anybody reads does not matter to that.
   */
  stream(job: Job, signal: AbortSignal): PredictionStream;
  /** The predictor's own metrics of each worker, as prom-client's `getMetricsAsJSON` gives them. */
  userMetrics(): Promise<readonly unknown[]>;
}
