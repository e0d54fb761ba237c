import { dirname } from "node:path";
import { KtsError, isKtsError } from "../../contract/errors.ts";
import type { Payload } from "../../contract/inference.ts";
import type { Predictor } from "../../contract/predictor.ts";
import type { Signature } from "../../contract/signature.ts";
import { type NamedTensors, isTensor } from "../../contract/tensor.ts";
import { toPrediction } from "../../protocol/convert/index.ts";
import type { DecodeLimits } from "../../protocol/limits.ts";
import { type LoadedEngine, loadWithEngine } from "../engines/engine.ts";
import type { ModelSource } from "../models/source.ts";
import { REMOTE_CONCURRENCY, RemoteModel } from "../remote/remote-model.ts";
import { after } from "./after.ts";
import { CallContext, type PredictorHost, type SignalSource } from "./call-context.ts";
import type { Job, JobResult, ModelInfo, StageTimings } from "./executor.ts";
import { InstanceSchema } from "./instance-schema.ts";
import { type LogSink, createPredictorLog } from "./predictor-log.ts";
import { LazyRequest, type ViewRules } from "./request.ts";
import { checkAgainstEngine, wireSignature } from "./signature.ts";
import { UserMetrics } from "./user-metrics.ts";

/** What a runner has to know beside the predictor. */
export interface RunnerSettings {
  /** Threads of the engine within one predict. */
  readonly intraOpThreads: number;
  readonly limits: DecodeLimits;
  readonly log: LogSink;
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
  readonly #host: PredictorHost;
  readonly #rules: ViewRules;
  /** Whether there is a stage before predict whose time is worth telling. */
  readonly #preparesItself: boolean;

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
    const started = performance.now();
    const { name: modelName, remote: target } = source;
    const remote = target && (await RemoteModel.open(modelName, target, settings.limits));
    const host: PredictorHost = { modelName, log: settings.log, metrics: new UserMetrics(), remote };
    const engine = await loadEngine(source, predictor, settings);
    const model = predictor.load === undefined ? engine : await loadModel(source, predictor, host);
    return new PredictorRunner(predictor, model, engine, host, settings.limits, performance.now() - started);
  }

  private constructor(
    predictor: Predictor,
    model: unknown,
    engine: LoadedEngine | undefined,
    host: PredictorHost,
    limits: DecodeLimits,
    loadMs: number,
  ) {
    const signature: Signature = wireSignature(predictor, engine);
    this.#predictor = predictor;
    this.#model = model;
    this.#engine = engine;
    this.#host = host;
    this.#rules = {
      inputs: signature.inputs,
      schema: predictor.instance === undefined ? undefined : new InstanceSchema(predictor.instance),
      limits,
    };
    this.#preparesItself = predictor.preProcess !== undefined || predictor.instance !== undefined;
    this.concurrency = predictor.concurrency ?? (host.remote && REMOTE_CONCURRENCY);
    this.answersAreNew = predictor.predict === undefined && predictor.postProcess === undefined;
    this.isEngineOnly =
      this.answersAreNew && predictor.preProcess === undefined && predictor.explain === undefined;
    this.info = {
      platform: engine?.engine ?? "kserve-ts",
      ...signature,
      takesTensors: !this.#preparesItself && signature.inputs.length > 0,
      explains: predictor.explain !== undefined || host.remote !== undefined,
      timeoutMs: predictor.timeoutMs,
      execution: predictor.execution ?? "worker",
      loadMs,
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

  #run(job: Job, abort: SignalSource): JobResult | Promise<JobResult> {
    const context = new CallContext(job, abort, this.#host);
    const timings: StageTimings = { queue: 0, preProcess: 0, predict: 0, postProcess: 0 };
    const started = performance.now();
    return after(this.#prepare(job, context), (input) => {
      const prepared = this.#preparesItself ? performance.now() : started;
      timings.preProcess = prepared - started;
      return after(this.#answer(job, input, context), (raw) => {
        const answered = performance.now();
        timings.predict = answered - prepared;
        return after(this.#finish(job, raw, context), (value) => {
          if (this.#predictor.postProcess !== undefined) timings.postProcess = performance.now() - answered;
          const prediction = toPrediction(value, job.verb === "predict" ? this.info.outputs : []);
          return { prediction, timings };
        });
      });
    });
  }

  /** What `predict` takes, by the first rule that fits: preProcess, instance, inputs, or the request's own form. */
  #prepare(job: Job, context: CallContext): unknown {
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
    if (this.info.takesTensors) return new LazyRequest(protocol, payload, this.#rules).tensors;
    return payload.kind === "instances" ? payload.instances : payload.tensors;
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

  #answer(job: Job, input: unknown, context: CallContext): unknown {
    const predictor = this.#predictor;
    const own = job.verb === "explain" ? predictor.explain : predictor.predict;
    if (own !== undefined) return own(this.#modelOf(context), input, context);
    if (context.remote !== undefined) return context.remote.answer(job.verb, input);
    if (job.verb === "explain") {
      throw new KtsError("KTS_NOT_IMPLEMENTED", `Model ${this.#host.modelName} does not explain.`);
    }
    return (this.#engine as LoadedEngine).run(engineInput(input));
  }

  /** What `load` gave. A remote in its place is the request's own, so that a call carries its signal and headers. */
  #modelOf(context: CallContext): unknown {
    return this.#predictor.load === undefined ? (context.remote ?? this.#model) : this.#model;
  }

  #finish(job: Job, raw: unknown, context: CallContext): unknown {
    const { postProcess } = this.#predictor;
    return job.verb === "explain" || postProcess === undefined ? raw : postProcess(raw, context);
  }

  /** The predictor's own metrics, as prom-client's `getMetricsAsJSON` gives them; undefined when it has none. */
  userMetrics(): Promise<unknown> {
    return this.#host.metrics.read();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#predictor.unload?.(this.#model);
    await this.#engine?.dispose();
    this.#host.remote?.[Symbol.dispose]();
  }
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
    resolveFrom: [...(predictorPath === undefined ? [] : [dirname(predictorPath)]), modelDir],
    intraOpThreads: settings.intraOpThreads,
  });
  checkAgainstEngine(predictor, engine);
  return engine;
}

async function loadModel(source: ModelSource, predictor: Predictor, host: PredictorHost): Promise<unknown> {
  try {
    return await predictor.load?.({
      modelDir: source.modelDir,
      modelName: source.name,
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

/** KServe's form of an exception that is not one of its own. */
function describeThrown(error: unknown): string {
  return error instanceof Error ? `${error.name} : ${error.message}` : `Error : ${String(error)}`;
}

function rethrow(error: unknown): never {
  if (isKtsError(error)) throw error;
  throw new KtsError("KTS_PREDICTOR_FAILED", describeThrown(error), { cause: error });
}
