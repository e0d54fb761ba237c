import { basename, dirname } from "node:path";
import { modelNotReady } from "../contract/errors.ts";
import { Deadlines } from "./deadlines.ts";
import type { ModelSource } from "./models/source.ts";
import type { Executor, ExecutorLoad, ModelInfo } from "./pipeline/executor.ts";
import type { MeteredModel } from "./telemetry/exposition.ts";
import { PredictorHealth } from "./remote/predictor-health.ts";
import { ModelMetrics } from "./telemetry/model-metrics.ts";

/** A model under its name: known from the start, able to answer once it is loaded and warm. */
export class ServedModel implements MeteredModel, AsyncDisposable {
  readonly name: string;
  /** The version its files lie under; undefined where the model directory has no version folders. */
  readonly version: string | undefined;
  readonly source: ModelSource;
  readonly metrics = new ModelMetrics();
  readonly #health: PredictorHealth | undefined;
  #executor: Executor | undefined;
  #deadlines: Deadlines | undefined;
  #waitingFor: string | undefined = "It is being loaded.";

  constructor(source: ModelSource) {
    this.name = source.name;
    this.source = source;
    this.version = versionOf(source);
    if (source.remote?.healthCheck === true) this.#health = new PredictorHealth(source.name, source.remote);
  }

  /** Takes the executor of the loaded model. It is not ready before `markReady`. */
  loaded(executor: Executor, requestTimeoutMs: number): void {
    this.#executor = executor;
    this.#deadlines = new Deadlines(executor.info.timeoutMs ?? requestTimeoutMs);
    this.#waitingFor = "It is being warmed up.";
    this.metrics.loadSeconds = executor.info.loadMs / 1000;
  }

  /** From here on the model answers. */
  markReady(): void {
    this.#waitingFor = undefined;
  }

  get ready(): boolean {
    return this.notReadyReason === undefined;
  }

  /** Why the model cannot answer now; undefined while it can. */
  get notReadyReason(): string | undefined {
    return this.#waitingFor ?? this.executor.notReadyReason;
  }

  /**
   * As `notReadyReason`, with the remote predictor asked, where the server is told to. Only for those who ask whether the
   * model is ready: a request finds out by itself.
   */
  async askNotReadyReason(): Promise<string | undefined> {
    return this.notReadyReason ?? (await this.#health?.notReadyReason());
  }

  /** @throws KtsError KTS_MODEL_NOT_READY while the model is not loaded */
  get executor(): Executor {
    if (this.#executor === undefined) throw modelNotReady(this.name, this.#waitingFor);
    return this.#executor;
  }

  /** @throws KtsError KTS_MODEL_NOT_READY while the model is not loaded */
  get info(): ModelInfo {
    return this.executor.info;
  }

  /** The deadlines of this model's requests. */
  get deadlines(): Deadlines {
    if (this.#deadlines === undefined) throw modelNotReady(this.name, this.#waitingFor);
    return this.#deadlines;
  }

  get load(): ExecutorLoad | undefined {
    return this.#executor?.load;
  }

  async userMetrics(): Promise<readonly unknown[]> {
    return this.#executor === undefined ? [] : this.#executor.userMetrics();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#waitingFor = "It has been unloaded.";
    this.#deadlines?.[Symbol.dispose]();
    this.#health?.[Symbol.dispose]();
    await this.#executor?.[Symbol.asyncDispose]();
  }
}

/** TensorFlow Serving's and Triton's layout: a folder with a number as its name, within the model directory. */
function versionOf(source: ModelSource): string | undefined {
  const { modelFile, modelDir } = source;
  if (modelFile === undefined) return undefined;
  const folder = dirname(modelFile);
  return folder !== modelDir && /^\d+$/.test(basename(folder)) ? basename(folder) : undefined;
}
