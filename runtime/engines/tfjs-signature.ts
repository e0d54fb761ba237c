import type { GraphModel } from "@tensorflow/tfjs-converter";
import type { DataType, io } from "@tensorflow/tfjs-core";
import type { LayersModel, SymbolicTensor } from "@tensorflow/tfjs-layers";
import type { Datatype } from "../../contract/datatype.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import { invalid } from "./model-file.ts";

/** TensorFlow.js's own datatypes; it has no other, and computes everything else in one of these. */
export const DATATYPE_OF_TFJS: Readonly<Partial<Record<DataType, Datatype>>> = {
  float32: "FP32",
  int32: "INT32",
  bool: "BOOL",
  string: "BYTES",
};

/** What TensorFlow.js computes each of TensorFlow's datatypes in. */
const DATATYPE_OF_TF: Readonly<Record<string, Datatype>> = {
  DT_FLOAT: "FP32",
  DT_HALF: "FP32",
  DT_DOUBLE: "FP32",
  DT_INT32: "INT32",
  DT_INT64: "INT32",
  DT_INT8: "INT32",
  DT_UINT8: "INT32",
  DT_BOOL: "BOOL",
  DT_STRING: "BYTES",
};

const EXACT = new Set(["DT_FLOAT", "DT_INT32", "DT_BOOL", "DT_STRING"]);

/** A TensorFlow.js model's signature. */
export interface TfjsSignature {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** What the model's makers may not expect, in words for the log. */
  readonly notes: readonly string[];
}

interface SignatureEntry {
  readonly dtype?: string;
  readonly tensorShape?: {
    readonly dim?: readonly { readonly size?: string | number }[];
    readonly unknownRank?: boolean;
  };
  /** Of an input that the converter feeds by itself: a captured resource. */
  readonly resourceId?: unknown;
}

type Entries = Readonly<Record<string, SignatureEntry>>;

/** A graph model's signature: the one it was converted with, else its placeholders and ends. */
export function graphSignature(
  path: string,
  artifacts: io.ModelArtifacts,
  { inputs, outputs }: GraphModel,
): TfjsSignature {
  const signature = (artifacts.signature ??
    (artifacts.userDefinedMetadata as { signature?: unknown } | undefined)?.signature ??
    {}) as { inputs?: Entries; outputs?: Entries };
  const notes: string[] = [];
  const specs = (side: "input" | "output", entries: Entries) =>
    Object.entries(entries)
      .filter(([, { resourceId }]) => resourceId === undefined)
      .map(([name, entry]) => toSpec(path, side, name, entry, notes));
  const own = (infos: typeof inputs): Entries =>
    Object.fromEntries(
      infos.map(({ name, shape, dtype }) => [
        name,
        {
          dtype: TF_OF_TFJS[dtype] ?? "DT_FLOAT",
          tensorShape: shape === undefined ? { unknownRank: true } : { dim: shape.map((size) => ({ size })) },
        },
      ]),
    );
  return {
    inputs: specs("input", signature.inputs ?? own(inputs)),
    outputs: signature.outputs === undefined ? [] : specs("output", signature.outputs),
    notes: outputs.length === 0 ? [...notes, "the model has no outputs"] : notes,
  };
}

const TF_OF_TFJS: Readonly<Record<string, string>> = {
  float32: "DT_FLOAT",
  int32: "DT_INT32",
  bool: "DT_BOOL",
  string: "DT_STRING",
};

function toSpec(
  path: string,
  side: "input" | "output",
  name: string,
  { dtype = "DT_INVALID", tensorShape }: SignatureEntry,
  notes: string[],
): TensorSpec {
  const datatype = DATATYPE_OF_TF[dtype];
  if (datatype === undefined) {
    throw invalid(
      path,
      `has an ${side} ${name} of ${dtype}, which TensorFlow.js cannot pass`,
      "Cast it within the exported signature, and convert the model again.",
    );
  }
  if (!EXACT.has(dtype)) {
    notes.push(`${side} ${name} is ${dtype} in the model file; TensorFlow.js has it as ${datatype}`);
  }
  if (tensorShape === undefined || tensorShape.unknownRank === true) {
    throw invalid(
      path,
      `has an ${side} ${name} of unknown rank, which no protocol can describe`,
      "Give its shape when exporting the SavedModel, and convert the model again.",
    );
  }
  return { name, datatype, shape: (tensorShape.dim ?? []).map(({ size }) => Number(size ?? 0)) };
}

/** A layers model's signature, by the names of its layers. */
export function layersSignature(path: string, model: LayersModel): TfjsSignature {
  const inputs = model.inputs.map((tensor) => layerSpec(path, "input", tensor));
  const outputs = model.outputs.map((tensor) => layerSpec(path, "output", tensor));
  for (const specs of [inputs, outputs]) {
    const twice = specs.find(({ name }, at) => specs.findIndex((other) => other.name === name) !== at);
    if (twice !== undefined) throw invalid(path, `has two inputs or outputs of the name ${twice.name}`);
  }
  return { inputs, outputs, notes: [] };
}

function layerSpec(path: string, side: string, { sourceLayer, shape, dtype }: SymbolicTensor): TensorSpec {
  const datatype = DATATYPE_OF_TFJS[dtype];
  if (datatype === undefined) {
    throw invalid(
      path,
      `has an ${side} ${sourceLayer.name} of ${dtype}, which no protocol datatype can carry`,
    );
  }
  return { name: sourceLayer.name, datatype, shape: shape.map((length) => length ?? -1) };
}
