import { KtsError, modelNotReady } from "../contract/errors.ts";
import type { Verb } from "../contract/inference.ts";
import type { TensorSpec } from "../contract/signature.ts";
import { checkTensors, stackInstances } from "../protocol/convert/index.ts";
import type { DecodeLimits } from "../protocol/limits.ts";
import type { ModelIndexItem } from "./models/model-entry.ts";
import type { ModelRepository } from "./models/model-repository.ts";
import type { Job, JobResult, PredictionStream } from "./pipeline/executor.ts";
import { rowsOf } from "./pipeline/rows.ts";
import type { ServedModel } from "./served-model.ts";
import { type ModelStatistics, statisticsOf } from "./telemetry/statistics.ts";

/** What V2 server metadata says this server has beyond the protocol: KServe's name of it, and Triton's. */
export const SERVER_EXTENSIONS: readonly string[] = [
  "model_repository_extension",
  "model_repository",
  "statistics",
  "binary_tensor_data",
];

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
  readonly #repository: ModelRepository;
  readonly #limits: DecodeLimits;

  constructor(repository: ModelRepository, limits: DecodeLimits) {
    this.#repository = repository;
    this.#limits = limits;
  }

  /** Every version of every model, in the order the models were first loaded, highest version first. */
  get models(): readonly ServedModel[] {
    return this.#repository.models;
  }

  /** The version of each model that answers requests which name none. */
  get served(): readonly ServedModel[] {
    return this.#repository.entries.map(({ current }) => current).filter((model) => model !== undefined);
  }

  /** The names that requests may ask for, in the order they were first loaded. */
  get names(): readonly string[] {
    return this.#repository.entries.map(({ name }) => name);
  }

  /** Whether every model that should be served can answer. */
  get ready(): boolean {
    return this.#repository.ready;
  }

  /** Whether every model can answer, and every remote predictor whose readiness counts. */
  async askReady(): Promise<boolean> {
    if (!this.ready) return false;
    // One that is being loaded beside those that are needed does not count yet.
    const ready = this.models.filter((model) => model.ready);
    const reasons = await Promise.all(ready.map((model) => model.askNotReadyReason()));
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
   * The model of a name and, where the path has one, a version; without it the highest version that is ready.
   * @throws KtsError KTS_MODEL_NOT_FOUND; KTS_MODEL_NOT_READY while it is loaded for the first time;
   * KTS_NOT_IMPLEMENTED for a version of a model that has none
   */
  find(name: string, version: string | undefined): ServedModel {
    return this.#repository.find(name).find(version);
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
      versions: this.#versionsOf(model),
      platform,
      inputs: inputs.map(tensorMetadata),
      outputs: outputs.map(tensorMetadata),
    };
  }

  /** Oldest first, as Triton lists them. */
  #versionsOf({ name, version }: ServedModel): readonly string[] | null {
    if (version === undefined) return null;
    const versions = this.#repository.find(name).versions.map((model) => model.version as string);
    return versions.toReversed();
  }

  /**
   * What there is in the model repository, by name and version.
   * @param readyOnly leaves out what cannot answer now
   */
  async repositoryIndex(readyOnly = false): Promise<readonly ModelIndexItem[]> {
    const items = await this.#repository.index();
    return readyOnly ? items.filter(({ state }) => state === "READY") : items;
  }

  /**
   * Loads a model of the repository. One that is loaded is loaded again where its files have changed: the new one is
   * warm before it takes over, and the old one finishes the requests it has. Unchanged, nothing happens.
   * @throws KtsError KTS_MODEL_NOT_FOUND; KTS_INVALID_INPUT for a name that no model can have; KTS_MODEL_NOT_READY
   * with the reason when it does not load
   */
  load(name: string): Promise<void> {
    return this.#repository.load(name);
  }

  /**
   * Unloads a model: requests do not find it from now on. Resolves when the requests it has are answered and it is
   * gone. The server's readiness no longer depends on it.
   * @throws KtsError KTS_MODEL_NOT_FOUND
   */
  unload(name: string): Promise<void> {
    return this.#repository.unload(name);
  }

  /**
   * What was counted, for each version of each model, or of those asked for.
   * @throws KtsError as `find`
   */
  statistics(name?: string, version?: string): readonly ModelStatistics[] {
    const models =
      name === undefined
        ? this.models
        : version === undefined
          ? this.#repository.find(name).versions
          : [this.find(name, version)];
    if (name !== undefined && models.length === 0) this.find(name, version);
    return models.map((model) => statisticsOf(model.name, model.version, model.metrics, model.runCounts));
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
    let checked = job;
    if (info.takesTensors && payload.kind === "tensors") checkTensors(payload.tensors, info.inputs);
    else if (info.takesTensors && payload.kind === "instances") {
      const tensors = stackInstances(payload.instances, info.inputs, this.#limits);
      checked = { ...job, payload: { kind: "tensors", tensors } };
    }
    model.metrics.instances.observe(rowsOf(payload));
    return checked;
  }
}

function tensorMetadata({ name, datatype, shape }: TensorSpec): TensorMetadata {
  return { name, datatype, shape };
}
