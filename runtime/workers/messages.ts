import type { MessagePort } from "node:worker_threads";
import type { OnnxSettings } from "../../contract/engine-settings.ts";
import type { ErrorRecord } from "../../contract/errors.ts";
import type { Predictor, PredictorLog } from "../../contract/predictor.ts";
import type { DecodeLimits } from "../../protocol/limits.ts";
import type { ModelSource } from "../models/source.ts";
import type { BatchVerdict } from "../pipeline/batch-policy.ts";
import type { ModelInfo, StageTimings } from "../pipeline/executor.ts";
import type { LogFields } from "../pipeline/predictor-log.ts";
import type { Hold } from "./wire.ts";

/** What a worker thread is started with. */
export interface WorkerBoot {
  readonly source: ModelSource;
  readonly intraOpThreads: number;
  readonly onnx?: OnnxSettings | undefined;
  readonly batching?: Predictor["batching"];
  readonly limits: DecodeLimits;
  /** What an earlier worker found out by trying the model. */
  readonly batchVerdict?: BatchVerdict;
}

/** A message of jobs, or of what came of them: flat, as `wire.ts` writes it behind its first two members. */
type FlatMessage<Type extends string> = [type: Type, hold: Hold, ...members: unknown[]];

/** From the main thread to a worker. */
export type ToWorker =
  | FlatMessage<"jobs">
  /** Jobs that share a run of the engine, as one input: see `engine-run.ts`. */
  | FlatMessage<"run">
  /** A job whose answers come one by one. */
  | FlatMessage<"stream">
  /** A stream's reader has read so many more answers. */
  | { readonly type: "credit"; readonly id: number; readonly answers: number }
  | { readonly type: "abort"; readonly id: number; readonly reason: ErrorRecord }
  | { readonly type: "metrics"; readonly id: number }
  | { readonly type: "dispose" };

/** From a worker to the main thread. */
export type FromWorker =
  | ReadyMessage
  /** The predictor wants to run inline: nothing was loaded. */
  | { readonly type: "inline" }
  | { readonly type: "failed"; readonly error: ErrorRecord }
  | FlatMessage<"results">
  /** What came of a "run". */
  | FlatMessage<"ran">
  /** The next answer of a stream: its id, and a prediction. */
  | FlatMessage<"answer">
  /** A stream has ended, the predictor's generator with it. */
  | {
      readonly type: "streamed";
      readonly id: number;
      readonly error: ErrorRecord | undefined;
      readonly timings: StageTimings;
    }
  /** An abort arrived, so the worker's event loop turns. */
  | { readonly type: "aborting"; readonly id: number }
  | { readonly type: "metrics"; readonly id: number; readonly metrics: unknown }
  | {
      readonly type: "log";
      readonly level: keyof PredictorLog;
      readonly message: string;
      readonly fields: LogFields;
    }
  | { readonly type: "disposed" };

/** The model is loaded. */
export interface ReadyMessage {
  readonly type: "ready";
  readonly info: ModelInfo;
  readonly concurrency: number;
  /** An engine does everything: nobody reads what a request has beside its payload. */
  readonly isEngineOnly: boolean;
  /** It takes jobs that share a run as one input. */
  readonly takesRuns: boolean;
}

/** From the main thread to a worker that several models share: one more to host. */
export interface ToSharedThread {
  /** Tells the models of the thread apart. */
  readonly seat: number;
  /** What would else go through the worker's own port. */
  readonly port: MessagePort;
  readonly boot: WorkerBoot;
}

/** From the main thread to a worker that several models share: would it take long to load this one? */
export interface LoadQuestion {
  readonly question: number;
  readonly source: ModelSource;
}

/** From a worker that several models share. */
export type FromSharedThread =
  /** As it dies: a model whose code brought that about. */
  | { readonly type: "blame"; readonly seat: number }
  /** To a question: milliseconds that loading the model takes, 0 where the thread has it; undefined: not known. */
  | { readonly type: "expected"; readonly question: number; readonly loadMs: number | undefined };
