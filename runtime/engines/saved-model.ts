import { dirname } from "node:path";
import { KtsError, messageOf } from "../../contract/errors.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import type { NamedTensors, Tensor } from "../../contract/tensor.ts";
import { checkInputs, checkedOutputs } from "./check-tensors.ts";
import type { EngineGauge, EngineLoadOptions, LoadedEngine } from "./engine.ts";
import { invalid } from "./model-file.ts";
import { requiresOf } from "./package-lookup.ts";
import { type SavedModelTensor, readSavedModel } from "./saved-model-file.ts";
import { EMPTY_TEXT, loadableFolder } from "./saved-model-texts.ts";
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
  await using folder = await loadableFolder(modelFile, signature);
  let model: number;
  try {
    model = addon.loadSavedModel(folder.path, signature.tags.join(","));
  } catch (error) {
    throw loadFailed(modelFile, error);
  }
  const { inputs } = signature;
  const outputs = signature.outputs.map((output) => ({ ...output, graphName: folder.graphName(output) }));
  return new SavedModel(addon, model, inputs, outputs);
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
  readonly #feeds: readonly SavedModelTensor[];
  readonly #fetches: readonly SavedModelTensor[];
  readonly #feedNames: string;

  constructor(
    addon: TfjsAddon,
    model: number,
    feeds: readonly SavedModelTensor[],
    fetches: readonly SavedModelTensor[],
  ) {
    this.#addon = addon;
    this.#model = model;
    this.#feeds = feeds;
    this.#fetches = fetches;
    this.inputs = feeds.map(({ spec }) => spec);
    this.outputs = fetches.map(({ spec }) => spec);
    this.#feedNames = feeds.map(({ graphName }) => graphName).join(",");
  }

  async run(inputs: NamedTensors, outputs?: readonly string[]): Promise<NamedTensors> {
    checkInputs(this.inputs, inputs);
    const wanted = outputs === undefined ? undefined : checkedOutputs(this.outputs, outputs);
    const fetches = this.#fetches.filter(({ spec }) => wanted?.includes(spec.name) ?? true);
    const addon = this.#addon;
    const handles: number[] = [];
    try {
      for (const { spec, type } of this.#feeds) {
        const tensor = inputs[spec.name] as Tensor;
        handles.push(addon.createTensor(tensor.shape, type, toAddonData(tensor)));
      }
      let feedNames = this.#feedNames;
      if (fetches.some(({ spec }) => spec.datatype === "BYTES")) {
        handles.push(addon.createTensor([], DT_STRING, [new Uint8Array(0)]));
        feedNames += `,${EMPTY_TEXT}`;
      }
      const fetchNames = fetches.map(({ graphName }) => graphName).join(",");
      const results = addon.runSavedModel(this.#model, [...handles], feedNames, fetchNames);
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

/** TensorFlow's number of its text type. */
const DT_STRING = 7;

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
  if (/RestoreV2|Restore tensor|checkpoint|variables\.(data|index)|checksum|Read less bytes/i.test(message)) {
    return invalid(
      path,
      `does not load, since its variables/ are damaged: ${line}`,
      "Copy the whole folder again: saved_model.pb with variables/ beside it.",
      error,
    );
  }
  return invalid(path, `does not load: ${line}`, undefined, error);
}
