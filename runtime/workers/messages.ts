import type { OnnxSettings } from "../../contract/engine-settings.ts";
import type { ErrorRecord } from "../../contract/errors.ts";
import type { PredictorLog } from "../../contract/predictor.ts";
import type { DecodeLimits } from "../../protocol/limits.ts";
import type { ModelSource } from "../models/source.ts";
import type { ModelInfo } from "../pipeline/executor.ts";
import type { LogFields } from "../pipeline/predictor-log.ts";
import type { JobRow, ResultRow } from "./wire.ts";

/** What a worker thread is started with. */
export interface WorkerBoot {
  readonly source: ModelSource;
  readonly intraOpThreads: number;
  readonly onnx?: OnnxSettings | undefined;
  readonly limits: DecodeLimits;
}

/** From the main thread to a worker. */
export type ToWorker =
  | { readonly type: "jobs"; readonly jobs: readonly JobRow[] }
  | { readonly type: "abort"; readonly id: number; readonly reason: ErrorRecord }
  | { readonly type: "metrics"; readonly id: number }
  | { readonly type: "dispose" };

/** From a worker to the main thread. */
export type FromWorker =
  | { readonly type: "ready"; readonly info: ModelInfo; readonly concurrency: number }
  /** The predictor wants to run inline: nothing was loaded. */
  | { readonly type: "inline" }
  | { readonly type: "failed"; readonly error: ErrorRecord }
  | { readonly type: "results"; readonly results: readonly ResultRow[] }
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
