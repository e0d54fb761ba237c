import { readFileSync } from "node:fs";
import type { OnnxSettings } from "../../contract/engine-settings.ts";
import type { Predictor } from "../../contract/predictor.ts";
import { DEFAULT_LIMITS, type DecodeLimits } from "../../protocol/limits.ts";
import { prepareProcess } from "../engines/engine.ts";
import type { Executor } from "../pipeline/executor.ts";
import type { RunnerSettings } from "../pipeline/runner.ts";
import type { LogSink } from "../pipeline/predictor-log.ts";
import type { ModelSource } from "../models/source.ts";
import { defaultIntraOpThreads } from "./cpus.ts";
import type { WorkerTuning } from "./worker-handle.ts";
import { WorkerPool } from "./worker-pool.ts";

/** How a model is run. */
export interface ExecutorSettings {
  /** Worker threads, each with a copy of the model. */
  readonly workers: number;
  /** Threads of the engine within one predict. Undefined: granted CPUs / workers, at least 1. */
  readonly intraOpThreads: number | undefined;
  /** How an ONNX model is run. Default: see {@link OnnxSettings}. */
  readonly onnx?: OnnxSettings | undefined;
  /** Whether requests may share a run. Undefined: as the predictor says. */
  readonly batching?: Predictor["batching"];
  /** Requests that may wait for a worker. */
  readonly maxQueueSize: number;
  /** Takes the predictor's log lines and what happens to the workers. */
  readonly log: LogSink;
  /** Limits of what a predictor's lazy views convert. Default: `DEFAULT_LIMITS`. */
  readonly limits?: DecodeLimits;
  readonly tuning?: WorkerTuning;
}

/**
 * Loads a model and gives what runs it: a pool of worker threads, or this thread where the predictor says so.
 * @throws KtsError whatever kept it from loading
 */
export async function startExecutor(source: ModelSource, settings: ExecutorSettings): Promise<Executor> {
  const { workers, onnx, batching, maxQueueSize, log, limits = DEFAULT_LIMITS, tuning = {} } = settings;
  const intraOpThreads = settings.intraOpThreads ?? defaultIntraOpThreads(workers);
  if (source.modelFile !== undefined) prepareProcess(source.modelFile, intraOpThreads);
  const boot = { source, intraOpThreads, onnx, batching, limits };
  const runnerSettings = { intraOpThreads, onnx, batching, limits, log };
  if (mentionsInline(source)) {
    const inline = await startInline(source, settings, runnerSettings);
    if (inline !== undefined) return inline;
  }
  const pool = await WorkerPool.start({ boot, workers, maxQueueSize, log, tuning });
  if (pool !== "inline") return pool;
  const inline = await startInline(source, settings, runnerSettings);
  if (inline === undefined) throw new TypeError(`${source.predictorPath} is inline only in a worker`);
  return inline;
}

/** Importing a predictor here only to ask would run its top level twice, so its text is asked first. */
function mentionsInline({ predictorPath, remote }: ModelSource): boolean {
  if (predictorPath === undefined) return remote !== undefined;
  return readFileSync(predictorPath, "utf8").includes("inline");
}

/** Undefined when the predictor wants workers after all. */
async function startInline(
  source: ModelSource,
  { maxQueueSize }: ExecutorSettings,
  runnerSettings: RunnerSettings,
): Promise<Executor | undefined> {
  const [{ loadPredictor }, { PredictorRunner }, { InlineExecutor }, { InlineBatchExecutor }] =
    await Promise.all([
      import("../models/load-predictor.ts"),
      import("../pipeline/runner.ts"),
      import("../pipeline/inline-executor.ts"),
      import("../pipeline/inline-batch-executor.ts"),
    ]);
  const predictor = await loadPredictor(source);
  if (predictor.execution !== "inline") return undefined;
  const runner = await PredictorRunner.create(source, predictor, runnerSettings);
  const { batching } = runner.info;
  return batching === undefined
    ? new InlineExecutor(runner, maxQueueSize)
    : new InlineBatchExecutor(runner, batching, maxQueueSize);
}
