import { KtsError, modelNotFound, modelNotReady } from "../contract/errors.ts";
import type { Verb } from "../contract/inference.ts";
import type { TensorSpec } from "../contract/signature.ts";
import { checkTensors, stackInstances } from "../protocol/convert/index.ts";
import type { DecodeLimits } from "../protocol/limits.ts";
import type { Job, JobResult, PredictionStream } from "./pipeline/executor.ts";
import { rowsOf } from "./pipeline/rows.ts";
import type { ServedModel } from "./served-model.ts";

/** V2 metadata of a model, its members in KServe's order. */
export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[] | null;
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
}

type TensorMetadata = Pick<TensorSpec, "name" | "datatype" | "shape">;

/**
 * What the server can do, free of any transport: finds models, says whether they are ready, runs requests. A
 * transport decodes a request, asks here, and encodes the answer.
 */
export class DataPlane {
  readonly #models = new Map<string, ServedModel>();
  readonly #limits: DecodeLimits;

  constructor(limits: DecodeLimits) {
    this.#limits = limits;
  }

  /** Adds a model under its name. It may still be loading. */
  register(model: ServedModel): void {
    this.#models.set(model.name, model);
  }

  /** The models, in the order they were registered. */
  get models(): readonly ServedModel[] {
    return [...this.#models.values()];
  }

  /** Whether every model can answer. */
  get ready(): boolean {
    for (const model of this.#models.values()) if (!model.ready) return false;
    return true;
  }

  /**
   * The model of a name and, where the path has one, a version.
   * @throws KtsError KTS_MODEL_NOT_FOUND; KTS_NOT_IMPLEMENTED for a version of a model that has none
   */
  find(name: string, version: string | undefined): ServedModel {
    const model = this.#models.get(name);
    if (model === undefined) throw modelNotFound(name);
    if (version === undefined || version === model.version) return model;
    if (model.version !== undefined) throw modelNotFound(name, version);
    throw new KtsError("KTS_NOT_IMPLEMENTED", "Model versioning not supported yet.", {
      hint: "Leave /versions/... out of the path, or put the model file into a folder named by its version.",
    });
  }

  /**
   * The model that is to answer a request.
   * @throws KtsError as `find`; KTS_MODEL_NOT_READY; KTS_NOT_IMPLEMENTED for explain where the predictor has none
   */
  findFor(verb: Verb, name: string, version: string | undefined): ServedModel {
    const model = this.find(name, version);
    const reason = model.notReadyReason;
    if (reason !== undefined) throw modelNotReady(name, reason);
    if (verb === "explain" && !model.info.explains) {
      throw new KtsError(
        "KTS_NOT_IMPLEMENTED",
        `Model ${name} does not explain: its predictor exports no explain.`,
      );
    }
    return model;
  }

  /** @throws KtsError KTS_MODEL_NOT_READY while the model is not loaded */
  metadata(model: ServedModel): ModelMetadata {
    const { platform, inputs, outputs } = model.info;
    return {
      name: model.name,
      versions: model.version === undefined ? null : [model.version],
      platform,
      inputs: inputs.map(tensorMetadata),
      outputs: outputs.map(tensorMetadata),
    };
  }

  /**
   * Runs a request. A payload is brought into the form that the predictor takes before it waits for a worker, so
   * that a bad one never takes a worker's time.
   * @throws KtsError whatever went wrong
   */
  infer(model: ServedModel, job: Job, signal: AbortSignal): Promise<JobResult> {
    return model.executor.run(this.#checked(model, job), signal);
  }

  /**
   * Runs a request and gives its answers as they come: many, where the model's `predict` is an async generator, else
   * one. To be read to its end, or ended by `return`; see `Executor.stream`.
   * @throws KtsError for a payload that is wrong; whatever else goes wrong rejects the stream's next reading
   */
  inferStream(model: ServedModel, job: Job, signal: AbortSignal): PredictionStream {
    return model.executor.stream(this.#checked(model, job), signal);
  }

  #checked(model: ServedModel, job: Job): Job {
    const { info } = model;
    const { payload } = job;
    model.metrics.instances.observe(rowsOf(payload));
    if (!info.takesTensors) return job;
    if (payload.kind === "tensors") {
      checkTensors(payload.tensors, info.inputs);
      return job;
    }
    const tensors = stackInstances(payload.instances, info.inputs, this.#limits);
    return { ...job, payload: { kind: "tensors", tensors } };
  }
}

function tensorMetadata({ name, datatype, shape }: TensorSpec): TensorMetadata {
  return { name, datatype, shape };
}
