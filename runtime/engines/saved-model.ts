import { dirname } from "node:path";
import { KtsError, messageOf } from "../../contract/errors.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import type { NamedTensors, Tensor } from "../../contract/tensor.ts";
import { checkInputs, checkedOutputs } from "./check-tensors.ts";
import type { EngineGauge, EngineLoadOptions, LoadedEngine } from "./engine.ts";
import { invalid } from "./model-file.ts";
import { requiresOf } from "./package-lookup.ts";
import { type SavedModelSignature, readSavedModel } from "./saved-model-file.ts";
import { TENSORS_GAUGE, runFailed } from "./tensorflow.ts";
import {
  INSTALL_TFJS_NODE,
  TFJS_NODE,
  type TfjsAddon,
  findTfjsNode,
  requireAddon,
} from "./tfjs-node-package.ts";

/**
 * Loads a TensorFlow SavedModel with the native addon of tfjs-node. The addon is used without the rest of
 * TensorFlow.js, which has no INT64 (it would cut values to 32 bits) and leaves tensors behind when a run fails.
 * @throws KtsError KTS_ENGINE_MISSING; KTS_MODEL_FILE_INVALID naming the file and what to do
 */
export async function loadSavedModel(options: EngineLoadOptions): Promise<LoadedEngine> {
  const { modelFile, resolveFrom } = options;
  const signature = await readSavedModel(modelFile);
  const addon = findAddon(resolveFrom, dirname(modelFile));
  let model: number;
  try {
    model = addon.loadSavedModel(dirname(modelFile), signature.tags.join(","));
  } catch (error) {
    throw loadFailed(modelFile, error);
  }
  return new SavedModel(addon, model, signature);
}

function findAddon(folders: readonly string[], modelFolder: string): TfjsAddon {
  const found = requiresOf(folders)
    .map(findTfjsNode)
    .find((each) => each !== undefined);
  if (found !== undefined) return requireAddon(found);
  throw new KtsError(
    "KTS_ENGINE_MISSING",
    `a TensorFlow SavedModel needs the package ${TFJS_NODE}, which is not installed`,
    {
      hint: `${INSTALL_TFJS_NODE} Or convert the model to ONNX: python -m tf2onnx.convert --saved-model ${modelFolder} --output model.onnx`,
    },
  );
}

class SavedModel implements LoadedEngine {
  readonly engine = "tensorflow";
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly #addon: TfjsAddon;
  readonly #model: number;
  readonly #signature: SavedModelSignature;
  readonly #inputNames: string;

  constructor(addon: TfjsAddon, model: number, signature: SavedModelSignature) {
    this.#addon = addon;
    this.#model = model;
    this.#signature = signature;
    this.inputs = signature.inputs.map(({ spec }) => spec);
    this.outputs = signature.outputs.map(({ spec }) => spec);
    this.#inputNames = signature.inputs.map(({ graphName }) => graphName).join(",");
  }

  async run(inputs: NamedTensors, outputs?: readonly string[]): Promise<NamedTensors> {
    checkInputs(this.inputs, inputs);
    const wanted = outputs === undefined ? undefined : checkedOutputs(this.outputs, outputs);
    const fetches = this.#signature.outputs.filter(({ spec }) => wanted?.includes(spec.name) ?? true);
    const addon = this.#addon;
    const handles: number[] = [];
    try {
      for (const { spec, type } of this.#signature.inputs) {
        const tensor = inputs[spec.name] as Tensor;
        handles.push(addon.createTensor(tensor.shape, type, toAddonData(tensor)));
      }
      const names = fetches.map(({ graphName }) => graphName).join(",");
      const results = addon.runSavedModel(this.#model, handles, this.#inputNames, names);
      for (const { id } of results) handles.push(id);
      const named = Object.create(null) as NamedTensors;
      for (const [at, { spec }] of fetches.entries()) {
        const result = results[at] as (typeof results)[number];
        const data = addon.tensorDataSync(result.id) as Tensor["data"];
        named[spec.name] = { datatype: spec.datatype, shape: result.shape, data };
      }
      return named;
    } catch (error) {
      throw runFailed(error);
    } finally {
      for (const handle of handles) addon.deleteTensor(handle);
    }
  }

  gauges(): readonly EngineGauge[] {
    return [{ ...TENSORS_GAUGE, value: this.#addon.getNumOfTensors() }];
  }

  async dispose(): Promise<void> {
    this.#addon.deleteSavedModel(this.#model);
  }
}

/** The addon takes an INT64 as two 32-bit halves, low one first, which is how it lies in memory. */
function toAddonData({ datatype, data }: Tensor): unknown {
  if (datatype !== "INT64") return data;
  const { buffer, byteOffset, byteLength } = data as BigInt64Array;
  return new Int32Array(buffer, byteOffset, byteLength / 4);
}

function loadFailed(path: string, error: unknown): KtsError {
  const message = messageOf(error).replace(/^Failed to load SavedModel: /, "");
  const line = message.trim().split("\n")[0] ?? "";
  const operator = /Op type not registered '([^']+)'/.exec(message)?.[1];
  if (operator !== undefined) {
    return invalid(
      path,
      `uses the operator ${operator}, which the installed TensorFlow does not have`,
      "Export the model without it, or install a tfjs-node built with a newer TensorFlow.",
      error,
    );
  }
  if (/variables|checkpoint|TensorBundle|data-\d+-of-\d+|\.index/i.test(message)) {
    return invalid(
      path,
      `does not load, since its variables/ are missing or damaged: ${line}`,
      "Copy the whole folder again: saved_model.pb with variables/ beside it.",
      error,
    );
  }
  return invalid(path, `does not load: ${line}`, undefined, error);
}
