import type { GraphModel } from "@tensorflow/tfjs-converter";
import type * as Core from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { DATATYPE_ARRAY, type FixedDatatype } from "../../contract/datatype.ts";
import { InvalidInput, KtsError, messageOf } from "../../contract/errors.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import type { NamedTensors, Tensor } from "../../contract/tensor.ts";
import { checkInputs, checkedOutputs } from "./check-tensors.ts";
import type { EngineGauge, EngineLoadOptions, LoadedEngine } from "./engine.ts";
import { invalid } from "./model-file.ts";
import { TENSORS_GAUGE, runFailed } from "./tensorflow.ts";
import { type TfjsFiles, readTfjsModel } from "./tfjs-file.ts";
import { type TfjsPackage, requireTfjs } from "./tfjs-package.ts";
import { DATATYPE_OF_TFJS, type TfjsSignature, graphSignature, layersSignature } from "./tfjs-signature.ts";

/**
 * Loads a TensorFlow.js model.json, a graph or layers model, with tfjs-node or the WebAssembly backend.
 * @throws KtsError KTS_ENGINE_MISSING; KTS_MODEL_FILE_INVALID naming the file and what to do
 */
export async function loadTfjs(options: EngineLoadOptions): Promise<LoadedEngine> {
  const { modelFile, resolveFrom, log } = options;
  const files = await readTfjsModel(modelFile);
  const tfjs = await requireTfjs(resolveFrom, files.format, log);
  let runnable: { signature: TfjsSignature; model: RunnableModel };
  try {
    runnable = await load(modelFile, files, tfjs);
  } catch (error) {
    throw error instanceof KtsError ? error : loadFailed(modelFile, error);
  }
  for (const note of runnable.signature.notes) log?.warn(note);
  return new TfjsModel(tfjs, runnable.signature, runnable.model);
}

/** A model of either format: tensors by name in, tensors by name out. A promise where the graph has control flow. */
interface RunnableModel {
  run(inputs: Core.NamedTensorMap, outputs: readonly string[]): Outputs | Promise<Outputs>;
  dispose(): void;
}

type Outputs = ReadonlyMap<string, Core.Tensor>;

async function load(path: string, { artifacts }: TfjsFiles, tfjs: TfjsPackage) {
  const { loadGraphModel, loadLayersModel, tf } = tfjs;
  // Artifacts in memory: its own readers know the web's URLs.
  const handler = tf.io.fromMemory(artifacts);
  if ((artifacts.modelTopology as { model_config?: unknown }).model_config !== undefined) {
    const model = await (loadLayersModel as NonNullable<typeof loadLayersModel>)(handler);
    return { signature: layersSignature(path, model), model: layersRunner(model) };
  }
  const model = await (loadGraphModel as NonNullable<typeof loadGraphModel>)(handler);
  return { signature: graphSignature(path, artifacts, model), model: graphRunner(model) };
}

function layersRunner(model: LayersModel): RunnableModel {
  const inputNames = model.inputs.map(({ sourceLayer }) => sourceLayer.name);
  const outputNames = model.outputs.map(({ sourceLayer }) => sourceLayer.name);
  return {
    run(inputs) {
      const feeds = inputNames.map((name) => inputs[name] as Core.Tensor);
      return byName(outputNames, model.predictOnBatch(feeds));
    },
    dispose: () => void model.dispose(),
  };
}

function graphRunner(model: GraphModel): RunnableModel {
  let dynamic = false;
  return {
    run(inputs, outputs) {
      const names = [...outputs];
      if (!dynamic) {
        try {
          return byName(names, model.execute(inputs, names));
        } catch (error) {
          if (!/model\.executeAsync\(\)/.test(messageOf(error))) throw error;
          dynamic = true;
        }
      }
      return model.executeAsync(inputs, names).then((results) => byName(names, results));
    },
    dispose: () => model.dispose(),
  };
}

function byName(names: readonly string[], results: Core.Tensor | Core.Tensor[]): Outputs {
  const list = Array.isArray(results) ? results : [results];
  return new Map(names.map((name, at) => [name, list[at] as Core.Tensor]));
}

class TfjsModel implements LoadedEngine {
  readonly engine: string;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly #tfjs: TfjsPackage;
  readonly #model: RunnableModel;
  /** The run before: one at a time, since the scopes that free tensors are the whole thread's. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(tfjs: TfjsPackage, signature: TfjsSignature, model: RunnableModel) {
    this.engine = tfjs.backend === "wasm" ? "tensorflowjs-wasm" : "tensorflowjs-node";
    this.inputs = signature.inputs;
    this.outputs = signature.outputs;
    this.#tfjs = tfjs;
    this.#model = model;
  }

  async run(inputs: NamedTensors, outputs?: readonly string[]): Promise<NamedTensors> {
    checkInputs(this.inputs, inputs);
    const names =
      outputs === undefined ? this.outputs.map(({ name }) => name) : checkedOutputs(this.outputs, outputs);
    if (this.inputs.some(({ name }) => inputs[name]?.shape[0] === 0)) return this.#empty(names);
    const run = this.#last.then(() => this.#run(inputs, names));
    this.#last = run.catch(() => undefined);
    return run;
  }

  async #run(inputs: NamedTensors, names: readonly string[]): Promise<NamedTensors> {
    const { tf } = this.#tfjs;
    const engine = tf.engine();
    engine.startScope();
    try {
      const feeds: Core.NamedTensorMap = {};
      for (const { name } of this.inputs) feeds[name] = toTfjsTensor(tf, inputs[name] as Tensor);
      const running = this.#model.run(feeds, names);
      const results = running instanceof Promise ? await running : running;
      const named = Object.create(null) as NamedTensors;
      for (const name of names) named[name] = this.#read(results.get(name) as Core.Tensor);
      return named;
    } catch (error) {
      throw runFailed(error);
    } finally {
      engine.endScope();
    }
  }

  #read({ dataId, dtype, shape }: Core.Tensor): Tensor {
    const datatype = DATATYPE_OF_TFJS[dtype];
    if (datatype === undefined) {
      throw new KtsError(
        "KTS_BAD_PREDICTION",
        `the model answered with ${dtype}, which no datatype can carry`,
      );
    }
    const values = this.#tfjs.tf.engine().readSync(dataId) as Float32Array | Uint8Array[];
    // What was not computed (an input given back, a constant) is still the input's or the model's own memory.
    const data = Array.isArray(values) ? values.map((bytes) => bytes.slice()) : this.#own(values);
    return { datatype, shape, data };
  }

  #own(values: Float32Array): Float32Array {
    return this.#tfjs.backend === "wasm" ? values : values.slice();
  }

  /** Layers and some operators cannot take no rows, and what comes out is plain. */
  #empty(names: readonly string[]): NamedTensors {
    const named = Object.create(null) as NamedTensors;
    for (const { name, datatype, shape } of this.outputs) {
      if (!names.includes(name)) continue;
      if (shape[0] !== -1 || shape.slice(1).some((length) => length < 0)) {
        throw new InvalidInput("the model cannot take a batch of no rows");
      }
      const data = datatype === "BYTES" ? [] : new DATATYPE_ARRAY[datatype as FixedDatatype](0);
      named[name] = { datatype, shape: [0, ...shape.slice(1)], data };
    }
    return named;
  }

  gauges(): readonly EngineGauge[] {
    return [{ ...TENSORS_GAUGE, value: this.#tfjs.tf.memory().numTensors }];
  }

  async dispose(): Promise<void> {
    await this.#last;
    this.#model.dispose();
  }
}

const TFJS_TYPE: Readonly<Partial<Record<Tensor["datatype"], Core.DataType>>> = {
  FP32: "float32",
  INT32: "int32",
  BOOL: "bool",
  BYTES: "string",
};

function toTfjsTensor(tf: typeof Core, { datatype, shape, data }: Tensor): Core.Tensor {
  const dtype = TFJS_TYPE[datatype] as Core.DataType;
  return tf.tensor(data as unknown as Core.TensorLike, shape as number[], dtype);
}

function loadFailed(path: string, error: unknown): KtsError {
  const message = messageOf(error).trim();
  const layer = /Unknown layer: (\w+)/.exec(message)?.[1];
  if (layer !== undefined) {
    return invalid(
      path,
      `has the layer ${layer}, which TensorFlow.js does not know`,
      "Convert the model as a graph model: tensorflowjs_converter --output_format=tfjs_graph_model.",
      error,
    );
  }
  return invalid(path, `does not load: ${message.split("\n")[0]}`, undefined, error);
}
