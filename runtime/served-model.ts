import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, modelNotReady } from "../contract/errors.ts";
import { Deadlines } from "./deadlines.ts";
import type { ModelSource } from "./models/source.ts";
import type { Executor, ExecutorLoad, ModelInfo } from "./pipeline/executor.ts";
import { PredictorHealth } from "./remote/predictor-health.ts";
import type { MeteredModel } from "./telemetry/exposition.ts";
import type { Histogram } from "./telemetry/histogram.ts";
import type { RunCounts } from "./telemetry/run-counts.ts";
import { ModelMetrics } from "./telemetry/model-metrics.ts";

/** Where a model is in its life, in the words of the repository index. */
export type ModelState = "LOADING" | "READY" | "UNAVAILABLE" | "UNLOADING";

/** How often a model that is being unloaded looks whether its last request has gone. */
const LOOK_MS = 10;

/** One version of a model: known from the start, able to answer once it is loaded and warm. */
export class ServedModel implements MeteredModel, AsyncDisposable {
  readonly name: string;
  /** The version its files lie under; undefined where the model directory has no version folders. */
  readonly version: string | undefined;
  readonly source: ModelSource;
  readonly metrics: ModelMetrics;
  readonly #health: PredictorHealth | undefined;
  #executor: Executor | undefined;
  #deadlines: Deadlines | undefined;
  #waitingFor: string | undefined = "It is being loaded.";
  #stage: "loading" | "ready" | "failed" | "leaving" = "loading";

  /** @param previous whose place it takes; its counts go on */
  constructor(source: ModelSource, previous?: ServedModel) {
    this.name = source.name;
    this.source = source;
    this.version = source.version;
    this.metrics = new ModelMetrics(previous?.metrics);
    if (source.remote?.healthCheck === true) this.#health = new PredictorHealth(source.name, source.remote);
  }

  /**
   * Takes the executor of the loaded model. It is not ready before `markReady`.
   * @param timeoutMs of its requests
   */
  loaded(executor: Executor, timeoutMs: number): void {
    this.#executor = executor;
    this.#deadlines = new Deadlines(timeoutMs);
    this.#waitingFor = "It is being warmed up.";
    this.metrics.loadSeconds = executor.info.loadMs / 1000;
  }

  /** From here on the model answers. */
  markReady(): void {
    this.#waitingFor = undefined;
    this.#stage = "ready";
  }

  /** It did not load, and never will. */
  markFailed(error: unknown): void {
    this.#waitingFor = `It does not load: ${messageOf(error)}`;
    this.#stage = "failed";
  }

  get state(): ModelState {
    if (this.#stage === "leaving") return "UNLOADING";
    if (this.#stage === "loading") return "LOADING";
    return this.ready ? "READY" : "UNAVAILABLE";
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

  get batchSizes(): Histogram | undefined {
    return this.runCounts?.sizes;
  }

  get runCounts(): RunCounts | undefined {
    return this.#executor?.runCounts;
  }

  async userMetrics(): Promise<readonly unknown[]> {
    return this.#executor === undefined ? [] : this.#executor.userMetrics();
  }

  /**
   * Unloads it once the requests that have it are answered. Nobody may find it any more by then. Each request ends by
   * its deadline at the latest, and so does the wait.
   */
  async retire(): Promise<void> {
    this.#stage = "leaving";
    const until = performance.now() + (this.#deadlines?.timeoutMs ?? 0);
    while (this.#isInUse && performance.now() < until) await sleep(LOOK_MS);
    await this[Symbol.asyncDispose]();
  }

  get #isInUse(): boolean {
    const { queued, running } = this.load ?? { queued: 0, running: 0 };
    return this.metrics.inFlight + queued + running > 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#waitingFor = "It has been unloaded.";
    this.#deadlines?.[Symbol.dispose]();
    this.#health?.[Symbol.dispose]();
    await this.#executor?.[Symbol.asyncDispose]();
  }
}
