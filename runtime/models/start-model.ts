import { stat } from "node:fs/promises";
import type { OnnxSettings } from "../../contract/engine-settings.ts";
import { isKtsError } from "../../contract/errors.ts";
import type { PredictorLog } from "../../contract/predictor.ts";
import type { ModelSettings } from "../config/settings.ts";
import type { Executor } from "../pipeline/executor.ts";
import type { LogSink } from "../pipeline/predictor-log.ts";
import type { ServedModel } from "../served-model.ts";
import { warmUp } from "../warm-up.ts";
import { defaultIntraOpThreads } from "../workers/cpus.ts";
import type { SharedWorkers } from "../workers/shared-workers.ts";
import { type ExecutorSettings, startExecutor } from "../workers/start-executor.ts";
import type { ModelSource } from "./source.ts";

/** A model file up to this size is a few operators, whose memory is not worth keeping between runs. */
const SMALL_MODEL_BYTES = 64 * 1024;

/** What starting a model takes beside the model. */
export interface StartContext {
  readonly log: PredictorLog & { readonly write: LogSink };
  /** Of a request, where neither the settings nor the predictor say. */
  readonly requestTimeoutMs: number;
  readonly executor: Pick<ExecutorSettings, "limits" | "tuning">;
  /** The workers that models share; undefined while each has its own. */
  readonly sharedWorkers: () => SharedWorkers | undefined;
  /** Called when the model is loaded and about to be warmed up. */
  readonly onWarming?: () => void;
}

/**
 * Loads a model, warms it up and marks it ready.
 * @throws KtsError whatever kept it from loading
 */
export async function startModel(
  model: ServedModel,
  settings: ModelSettings,
  context: StartContext,
): Promise<void> {
  const executor = await createExecutor(model, settings, context);
  model.loaded(executor, settings.timeoutMs ?? executor.info.timeoutMs ?? context.requestTimeoutMs);
  context.onWarming?.();
  await warmUp(model, context.log);
  model.markReady();
}

async function createExecutor(
  { source }: ServedModel,
  { workers, ownWorkers, intraOpThreads, maxQueueSize, batching, onnx }: ModelSettings,
  { log, executor, sharedWorkers }: StartContext,
): Promise<Executor> {
  const settings: ExecutorSettings = {
    ...executor,
    workers,
    intraOpThreads,
    maxQueueSize,
    batching,
    onnx,
    log: (level, message, fields) => log.write(level, message, fields),
  };
  const shared = ownWorkers ? undefined : sharedWorkers();
  if (shared === undefined) return startExecutor(source, settings);
  try {
    return await startExecutor(source, {
      ...settings,
      onnx: await sharedOnnx(source, onnx),
      workers: 1,
      intraOpThreads: intraOpThreads ?? defaultIntraOpThreads(shared.most),
      tuning: { ...executor.tuning, startThread: shared.start },
    });
  } catch (error) {
    if (!isKtsError(error) || error.code !== "KTS_WORKER_BOOT_FAILED") throw error;
    // The thread died, be it by this model or by another that was loaded beside it: alone it will show.
    log.warn("a worker that models share died while it loaded this one; it is tried in one of its own", {
      model: source.name,
    });
    return startExecutor(source, { ...settings, workers: 1 });
  }
}

/** Where a thousand small models share a worker, the memory that each keeps for its next run is a third of all. */
async function sharedOnnx(
  { modelFile }: ModelSource,
  onnx: OnnxSettings | undefined,
): Promise<OnnxSettings | undefined> {
  if (modelFile === undefined || onnx?.memoryArena !== undefined) return onnx;
  // One that cannot be read is told by the engine, in better words.
  const size = await stat(modelFile).then(
    (file) => file.size,
    () => Infinity,
  );
  return size <= SMALL_MODEL_BYTES ? { ...onnx, memoryArena: false } : onnx;
}
