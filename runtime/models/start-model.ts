import type { PredictorLog } from "../../contract/predictor.ts";
import type { ModelSettings } from "../config/settings.ts";
import type { LogSink } from "../pipeline/predictor-log.ts";
import type { ServedModel } from "../served-model.ts";
import { warmUp } from "../warm-up.ts";
import { type ExecutorSettings, startExecutor } from "../workers/start-executor.ts";

/** What starting a model takes beside the model. */
export interface StartContext {
  readonly log: PredictorLog & { readonly write: LogSink };
  /** Of a request, where neither the settings nor the predictor say. */
  readonly requestTimeoutMs: number;
  readonly executor: Pick<ExecutorSettings, "limits" | "tuning">;
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
  const { workers, intraOpThreads, maxQueueSize } = settings;
  const executor = await startExecutor(model.source, {
    ...context.executor,
    workers,
    intraOpThreads,
    maxQueueSize,
    log: (level, message, fields) => context.log.write(level, message, fields),
  });
  model.loaded(executor, settings.timeoutMs ?? executor.info.timeoutMs ?? context.requestTimeoutMs);
  context.onWarming?.();
  await warmUp(model, context.log);
  model.markReady();
}
