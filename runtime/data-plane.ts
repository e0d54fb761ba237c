import { KtsError, modelNotFound, modelNotReady } from "../contract/errors.ts";
import type { Payload, Verb } from "../contract/inference.ts";
import type { TensorSpec } from "../contract/signature.ts";
import { checkTensors, stackInstances } from "../protocol/convert/index.ts";
import type { DecodeLimits } from "../protocol/limits.ts";
import type { Job, JobResult } from "./pipeline/executor.ts";
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

  /** Whether every model can answer, and every remote predictor whose readiness counts. */
  async askReady(): Promise<boolean> {
    if (!this.ready) return false;
    const reasons = await Promise.all(this.models.map((model) => model.askNotReadyReason()));
    return reasons.every((reason) => reason === undefined);
  }

  /**
   * The model of a name, if it is ready; its remote predictor is asked, where its readiness counts.
   * @throws KtsError as `find`; KTS_MODEL_NOT_READY
   */
  async findReady(name: string, version: string | undefined): Promise<ServedModel> {
    const model = this.find(name, version);
    const reason = await model.askNotReadyReason();
    if (reason !== undefined) throw modelNotReady(name, reason);
    return model;
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
    const { executor, info } = model;
    const { payload } = job;
    model.metrics.instances.observe(batchSize(payload));
    if (!info.takesTensors) return executor.run(job, signal);
    if (payload.kind === "tensors") {
      checkTensors(payload.tensors, info.inputs);
      return executor.run(job, signal);
    }
    const tensors = stackInstances(payload.instances, info.inputs, this.#limits);
    return executor.run({ ...job, payload: { kind: "tensors", tensors } }, signal);
  }
}

function tensorMetadata({ name, datatype, shape }: TensorSpec): TensorMetadata {
  return { name, datatype, shape };
}

/** Instances of a request: the first dimension of its first tensor, where it came as tensors. */
function batchSize(payload: Payload): number {
  if (payload.kind === "instances") return payload.instances.length;
  for (const name in payload.tensors) return payload.tensors[name]?.shape[0] ?? 1;
  return 0;
}
