import { dirname } from "node:path";
import type { OnnxSettings } from "../../contract/engine-settings.ts";
import { KtsError, isKtsError } from "../../contract/errors.ts";
import type { Payload, Prediction, Verb } from "../../contract/inference.ts";
import type { Predictor, RequestBatch } from "../../contract/predictor.ts";
import type { Signature } from "../../contract/signature.ts";
import { type NamedTensors, isTensor } from "../../contract/tensor.ts";
import { toPrediction } from "../../protocol/convert/index.ts";
import type { DecodeLimits } from "../../protocol/limits.ts";
import { type LoadedEngine, loadWithEngine } from "../engines/engine.ts";
import type { ModelSource } from "../models/source.ts";
import { REMOTE_CONCURRENCY, RemoteModel } from "../remote/remote-model.ts";
import { after } from "./after.ts";
import { type BatchVerdict, REMOTE_VERDICT, decideBatching } from "./batch-policy.ts";
import { CallContext, type PredictorHost, type SignalSource } from "./call-context.ts";
import type { Job, JobResult, ModelInfo, StageTimings } from "./executor.ts";
import { collectPredictions } from "./collect-stream.ts";
import { InstanceSchema } from "./instance-schema.ts";
import { type HeldModel, type LoadedModel, holdModel } from "./kept-models.ts";
import { describeThrown, predictorError } from "./predictor-error.ts";
import { type LogFields, type LogSink, createPredictorLog } from "./predictor-log.ts";
import { LazyRequest, type ViewRules } from "./request.ts";
import { checkAgainstEngine, wireSignature } from "./signature.ts";
import { UserMetrics } from "./user-metrics.ts";

/** What a runner has to know beside the predictor. */
export interface RunnerSettings {
  /** Threads of the engine within one predict. */
  readonly intraOpThreads: number;
  /** How an ONNX model is run. */
  readonly onnx?: OnnxSettings | undefined;
  /** Takes the place of the predictor's own. */
  readonly batching?: Predictor["batching"];
  readonly limits: DecodeLimits;
  readonly log: LogSink;
  /** Whether requests share runs, where that was decided before: another worker has tried the model out. */
  readonly batchVerdict?: BatchVerdict;
}

/** A loaded predictor: the whole pipeline of one request, on whatever thread this is. */
export class PredictorRunner implements AsyncDisposable {
  readonly info: ModelInfo;
  /** The predictor's `concurrency`; undefined where it does not say, unless there is a remote, for which most wait. */
  readonly concurrency: number | undefined;
  /**
   * Whether the memory of an answer is the answer's alone. A predictor's own function may return what it keeps (a
   * table, a cache), which must not be moved to another thread under its hands; an engine's outputs are new.
   */
  readonly answersAreNew: boolean;
  /** Whether an engine does everything, and none of the predictor's own functions runs. */
  readonly isEngineOnly: boolean;
  readonly #predictor: Predictor;
  readonly #model: unknown;
  readonly #engine: LoadedEngine | undefined;
  readonly #held: HeldModel;
  readonly #host: PredictorHost;
  readonly #rules: ViewRules;
  /** Whether there is a stage before predict whose time is worth telling. */
  readonly preparesItself: boolean;
  /** Whether there is one after it. */
  readonly finishesItself: boolean;
  /** Whether the engine answers, not a `predict` of the predictor's own. */
  readonly enginePredicts: boolean;

  /**
   * Loads a predictor's model.
   * @param predictor the source's, checked by `loadPredictor`
   * @throws KtsError KTS_LOAD_FAILED when its `load` throws; KTS_ENGINE_MISSING, KTS_MODEL_FILE_INVALID; and
   * KTS_PREDICTOR_INVALID when it does not fit the model file
   */
  static async create(
    source: ModelSource,
    predictor: Predictor,
    settings: RunnerSettings,
  ): Promise<PredictorRunner> {
    const { name: modelName, remote: target } = source;
    const remote = target && (await RemoteModel.open(modelName, target, settings.limits));
    const host: PredictorHost = { modelName, log: settings.log, metrics: new UserMetrics(), remote };
    const held = await holdModel(source, predictor, () => load(source, predictor, host, settings));
    const { engine } = held;
    try {
      if (engine !== undefined) checkAgainstEngine(predictor, engine);
      const verdict = settings.batchVerdict ?? (await verdictOn(predictor, host, engine, settings));
      // Of others than an engine's it says no more than their module.
      if (engine !== undefined) settings.log("debug", ...verdictLine(verdict, source.name));
      held.log.current = settings.log;
      return new PredictorRunner(predictor, held, host, settings.limits, verdict);
    } catch (error) {
      await held.release(async () => engine?.dispose());
      throw error;
    }
  }

  private constructor(
    predictor: Predictor,
    held: HeldModel,
    host: PredictorHost,
    limits: DecodeLimits,
    verdict: BatchVerdict,
  ) {
    const { engine, model } = held;
    const signature: Signature = wireSignature(predictor, engine);
    this.#predictor = predictor;
    this.#model = model;
    this.#engine = engine;
    this.#held = held;
    this.#host = host;
    this.#rules = {
      inputs: signature.inputs,
      schema: predictor.instance === undefined ? undefined : new InstanceSchema(predictor.instance),
      limits,
    };
    this.preparesItself = predictor.preProcess !== undefined || predictor.instance !== undefined;
    this.finishesItself = predictor.postProcess !== undefined;
    this.enginePredicts = predictor.predict === undefined;
    this.concurrency = predictor.concurrency ?? (host.remote && REMOTE_CONCURRENCY);
    this.answersAreNew = predictor.predict === undefined && predictor.postProcess === undefined;
    this.isEngineOnly =
      engine !== undefined &&
      this.answersAreNew &&
      predictor.preProcess === undefined &&
      predictor.explain === undefined;
    this.info = {
      platform: engine?.engine ?? "kserve-ts",
      ...signature,
      takesTensors: !this.preparesItself && signature.inputs.length > 0,
      explains: predictor.explain !== undefined || host.remote?.connection.speaksV1 === true,
      timeoutMs: predictor.timeoutMs,
      execution: predictor.execution ?? "worker",
      batching: "policy" in verdict ? verdict.policy : undefined,
      noBatchingReason: "reason" in verdict ? verdict.reason : undefined,
      loadMs: held.loadMs,
      ...(held.isKept !== undefined && model !== undefined && { isModelKept: held.isKept }),
    };
  }

  /**
   * Runs one request: preProcess, predict or explain, postProcess. Answers without a promise where no stage made one.
   * @throws KtsError (or a rejection with it): what the predictor threw on purpose as it is, anything else as
   * KTS_PREDICTOR_FAILED
   */
  run(job: Job, abort: SignalSource): JobResult | Promise<JobResult> {
    try {
      const outcome = this.#run(job, abort);
      return outcome instanceof Promise ? outcome.catch(rethrow) : outcome;
    } catch (error) {
      return rethrow(error);
    }
  }

  /**
   * Runs one request whose answers are given as they come; one answer, where predict is no stream. Its `return` ends
   * predict's own generator.
   * @param timings takes the stages' times
   * @throws KtsError as {@link run}
   */
  async *stream(job: Job, abort: SignalSource, timings: StageTimings): AsyncGenerator<Prediction, void> {
    try {
      const context = this.contextOf(job, abort);
      const started = performance.now();
      const input = await this.prepare(job, context);
      const prepared = performance.now();
      if (this.preparesItself) timings.preProcess = prepared - started;
      let since = prepared;
      for await (const raw of answersOf(await this.#answers(job, input, context))) {
        const answered = performance.now();
        timings.predict += answered - since;
        const value = await this.finish(job, raw, context);
        if (this.finishesItself) timings.postProcess += performance.now() - answered;
        yield this.predictionOf(job.verb, value);
        since = performance.now();
      }
    } catch (error) {
      throw predictorError(error);
    }
  }

  /** `ctx` of a request, or of a run that several share. */
  contextOf(job: Job, abort: SignalSource, batch?: RequestBatch): CallContext {
    return new CallContext(job, abort, this.#host, batch);
  }

  #run(job: Job, abort: SignalSource): JobResult | Promise<JobResult> {
    const context = this.contextOf(job, abort);
    const timings: StageTimings = { queue: 0, preProcess: 0, predict: 0, postProcess: 0 };
    const started = performance.now();
    return after(this.prepare(job, context), (input) => {
      const prepared = this.preparesItself ? performance.now() : started;
      timings.preProcess = prepared - started;
      return after(this.answer(job, input, context), (raw) => {
        if (isStream(raw)) return this.#collect(job, raw, context, timings);
        const answered = performance.now();
        timings.predict = answered - prepared;
        return after(this.finish(job, raw, context), (value) => {
          if (this.finishesItself) timings.postProcess = performance.now() - answered;
          return { prediction: this.predictionOf(job.verb, value), timings };
        });
      });
    });
  }

  /** All answers of a stream as one. */
  async #collect(
    job: Job,
    stream: AsyncIterable<unknown>,
    context: CallContext,
    timings: StageTimings,
  ): Promise<JobResult> {
    const started = performance.now();
    const predictions: Prediction[] = [];
    for await (const raw of stream) {
      context.signal.throwIfAborted();
      const answered = performance.now();
      const value = await this.finish(job, raw, context);
      if (this.finishesItself) timings.postProcess += performance.now() - answered;
      predictions.push(this.predictionOf(job.verb, value));
    }
    timings.predict = performance.now() - started - timings.postProcess;
    return { prediction: collectPredictions(predictions), timings };
  }

  /** What `predict` takes, by the first rule that fits: preProcess, instance, inputs, or the request's own form. */
  prepare(job: Job, context: CallContext): unknown {
    const predictor = this.#predictor;
    const { schema } = this.#rules;
    const { payload, protocol } = job;
    if (predictor.preProcess !== undefined) {
      if (schema === undefined || payload.kind === "tensors") {
        return predictor.preProcess(new LazyRequest(protocol, payload, this.#rules), context);
      }
      return after(schema.check(payload.instances), (instances) => {
        const checked: Payload = { kind: "instances", instances };
        return predictor.preProcess?.(new LazyRequest(protocol, checked, this.#rules), context);
      });
    }
    if (schema !== undefined) return this.#checkedInstances(job, schema);
    if (payload.kind === "tensors") return payload.tensors;
    return this.info.takesTensors
      ? new LazyRequest(protocol, payload, this.#rules).tensors
      : payload.instances;
  }

  #checkedInstances(job: Job, schema: InstanceSchema): unknown {
    const { payload, protocol } = job;
    const unchecked = new LazyRequest(protocol, payload, { ...this.#rules, schema: undefined }).instances;
    const checked = schema.check(unchecked);
    if (this.#predictor.predict !== undefined) return checked;
    return after(
      checked,
      (instances) => new LazyRequest(protocol, { kind: "instances", instances }, this.#rules).tensors,
    );
  }

  /** predict, the engine, or explain. */
  answer(job: Job, input: unknown, context: CallContext): unknown {
    const predictor = this.#predictor;
    const own = job.verb === "explain" ? predictor.explain : predictor.predict;
    if (own !== undefined) return own(this.#modelOf(context), input, context);
    if (context.remote !== undefined) return context.remote.answer(job.verb, input);
    if (job.verb === "explain") {
      throw new KtsError("KTS_NOT_IMPLEMENTED", `Model ${this.#host.modelName} does not explain.`);
    }
    return (this.#engine as LoadedEngine).run(engineInput(input));
  }

  /** As {@link answer}, where many are welcome: a remote predictor is asked for all that it has. */
  #answers(job: Job, input: unknown, context: CallContext): unknown {
    const isRemote = job.verb === "predict" && this.#predictor.predict === undefined;
    if (isRemote && context.remote !== undefined) return context.remote.answerStream(input);
    return this.answer(job, input, context);
  }

  /** What the engine alone answers; see {@link isEngineOnly}. */
  runEngine(inputs: NamedTensors): Promise<NamedTensors> {
    return (this.#engine as LoadedEngine).run(inputs);
  }

  /** Whether a request's tensors are what the engine gets, so that they can be joined before they reach this thread. */
  get takesRuns(): boolean {
    return (
      this.isEngineOnly && !this.preparesItself && this.info.takesTensors && this.info.batching !== undefined
    );
  }

  /** What `load` gave. A remote in its place is the request's own, so that a call carries its signal and headers. */
  #modelOf(context: CallContext): unknown {
    return this.#predictor.load === undefined ? (context.remote ?? this.#model) : this.#model;
  }

  /** postProcess, where there is one. */
  finish(job: Job, raw: unknown, context: CallContext): unknown {
    const { postProcess } = this.#predictor;
    return job.verb === "explain" || postProcess === undefined ? raw : postProcess(raw, context);
  }

  /** @throws KtsError KTS_BAD_PREDICTION when the answer is not what `outputs` says, or nothing */
  predictionOf(verb: Verb, value: unknown): Prediction {
    return toPrediction(value, verb === "predict" ? this.info.outputs : []);
  }

  /** The predictor's and engine's metrics, as prom-client's `getMetricsAsJSON` gives them; undefined where none. */
  userMetrics(): Promise<unknown> {
    return this.#host.metrics.read(this.#host.modelName, this.#engine?.gauges?.());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.release(async () => {
      await this.#predictor.unload?.(this.#model);
      await this.#engine?.dispose();
    });
    this.#host.remote?.[Symbol.dispose]();
  }
}

/** Whether predict answers with many, as an async generator does. */
function isStream(raw: unknown): raw is AsyncIterable<unknown> {
  return typeof raw === "object" && raw !== null && Symbol.asyncIterator in raw;
}

async function* answersOf(raw: unknown): AsyncGenerator<unknown> {
  if (isStream(raw)) yield* raw;
  else yield raw;
}

async function verdictOn(
  predictor: Predictor,
  { modelName, remote }: PredictorHost,
  engine: LoadedEngine | undefined,
  { batching = predictor.batching, log }: RunnerSettings,
): Promise<BatchVerdict> {
  if (remote === undefined) return decideBatching(predictor, engine, batching);
  if (batching !== undefined && batching !== false) {
    log("warn", "batching is ignored: each request asks the remote predictor with its own caller's headers", {
      model: modelName,
    });
  }
  return REMOTE_VERDICT;
}

function verdictLine(verdict: BatchVerdict, model: string): [message: string, fields: LogFields] {
  if ("policy" in verdict) return ["requests may share runs", { model, ...verdict.policy }];
  return ["requests do not share runs", { model, reason: verdict.reason }];
}

async function load(
  source: ModelSource,
  predictor: Predictor,
  host: PredictorHost,
  settings: RunnerSettings,
): Promise<LoadedModel> {
  const started = performance.now();
  const to = { current: settings.log };
  const log: LogSink = (...line) => to.current(...line);
  const engine = await loadEngine(source, predictor, { ...settings, log });
  const model = predictor.load === undefined ? engine : await loadModel(source, predictor, { ...host, log });
  const loadMs = performance.now() - started;
  return { engine, model, log: to, hasMetrics: host.metrics.isUsed, loadMs };
}

/** A `load` of the predictor's own takes the engine's place. */
async function loadEngine(
  source: ModelSource,
  predictor: Predictor,
  settings: RunnerSettings,
): Promise<LoadedEngine | undefined> {
  const { modelFile, modelDir, predictorPath } = source;
  if (modelFile === undefined || predictor.load !== undefined) return undefined;
  const engine = await loadWithEngine({
    modelFile,
    // A model without a predictor may lie outside of the project: in an image, at /mnt/models beside /app.
    resolveFrom: [...(predictorPath === undefined ? [] : [dirname(predictorPath)]), modelDir, process.cwd()],
    intraOpThreads: settings.intraOpThreads,
    ...(settings.onnx !== undefined && { onnx: settings.onnx }),
    log: createPredictorLog(settings.log, { model: source.name }),
  });
  return engine;
}

async function loadModel(source: ModelSource, predictor: Predictor, host: PredictorHost): Promise<unknown> {
  try {
    return await predictor.load?.({
      modelDir: source.modelDir,
      modelName: source.name,
      modelVersion: source.version,
      env: process.env,
      log: createPredictorLog(host.log, { model: source.name }),
      get metrics() {
        return host.metrics.registry;
      },
    });
  } catch (error) {
    if (isKtsError(error)) throw error;
    throw new KtsError("KTS_LOAD_FAILED", `load threw ${describeThrown(error)}`, { cause: error });
  }
}

/** What preProcess hands to the engine. */
function engineInput(input: unknown): NamedTensors {
  if (typeof input === "object" && input !== null && Object.values(input).every(isTensor)) {
    return input as NamedTensors;
  }
  throw new KtsError(
    "KTS_PREDICTOR_FAILED",
    "preProcess must return tensors by input name, since the engine runs the model on them",
  );
}

function rethrow(error: unknown): never {
  throw predictorError(error);
}
