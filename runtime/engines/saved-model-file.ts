import { access, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Datatype } from "../../contract/datatype.ts";
import { messageOf } from "../../contract/errors.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import { invalid } from "./model-file.ts";
import { protobufField, protobufMessages, protobufText } from "./protobuf-reader.ts";

/** The file that makes a folder a SavedModel. */
export const SAVED_MODEL_FILE = "saved_model.pb";

/** The tag and the signature that TensorFlow Serving takes where it is told nothing. */
const SERVE_TAG = "serve";
const DEFAULT_SIGNATURE = "serving_default";

/** An input or output: its spec on the wire, and what TensorFlow's graph calls it. */
export interface SavedModelTensor {
  readonly spec: TensorSpec;
  /** TensorFlow's number of the datatype. */
  readonly type: number;
  /** Such as `serving_default_images:0`. */
  readonly graphName: string;
}

/** What `serving_default` of a SavedModel takes and gives. */
export interface SavedModelSignature {
  /** The tags of its meta graph. */
  readonly tags: readonly string[];
  /** The meta graph itself, a MetaGraphDef. */
  readonly metaGraph: Uint8Array;
  readonly inputs: readonly SavedModelTensor[];
  readonly outputs: readonly SavedModelTensor[];
}

/** TensorFlow's datatypes by number (tensorflow/core/framework/types.proto), with ours where the protocol has one. */
const TF_DATATYPES: Readonly<Record<number, { name: string; datatype?: Datatype }>> = {
  1: { name: "DT_FLOAT", datatype: "FP32" },
  2: { name: "DT_DOUBLE", datatype: "FP64" },
  3: { name: "DT_INT32", datatype: "INT32" },
  4: { name: "DT_UINT8", datatype: "UINT8" },
  5: { name: "DT_INT16", datatype: "INT16" },
  6: { name: "DT_INT8", datatype: "INT8" },
  7: { name: "DT_STRING", datatype: "BYTES" },
  8: { name: "DT_COMPLEX64" },
  9: { name: "DT_INT64", datatype: "INT64" },
  10: { name: "DT_BOOL", datatype: "BOOL" },
  14: { name: "DT_BFLOAT16", datatype: "BF16" },
  17: { name: "DT_UINT16", datatype: "UINT16" },
  18: { name: "DT_COMPLEX128" },
  19: { name: "DT_HALF", datatype: "FP16" },
  20: { name: "DT_RESOURCE" },
  21: { name: "DT_VARIANT" },
  22: { name: "DT_UINT32", datatype: "UINT32" },
  23: { name: "DT_UINT64", datatype: "UINT64" },
};

/** What tfjs-node's addon has code for; it reads no UINT8 back. */
const PASSABLE = {
  input: new Set<Datatype>(["FP32", "INT32", "INT64", "UINT8", "BOOL", "BYTES"]),
  output: new Set<Datatype>(["FP32", "INT32", "INT64", "BOOL", "BYTES"]),
};

/**
 * Reads a SavedModel's `serving_default` signature.
 * @param path of its saved_model.pb
 * @throws KtsError KTS_MODEL_FILE_INVALID when it is no SavedModel, has no such signature, or one that tfjs-node
 * cannot run
 */
export async function readSavedModel(path: string): Promise<SavedModelSignature> {
  const bytes = await readWhole(path);
  let metaGraph: MetaGraph | undefined;
  try {
    metaGraph = protobufMessages(bytes, 2).map(toMetaGraph).find(isServing);
  } catch (error) {
    throw invalid(
      path,
      `is cut short or damaged: it is not a whole SavedModel (${messageOf(error)})`,
      "Copy the folder again and compare its size or checksum with the original's.",
      error,
    );
  }
  if (metaGraph === undefined) {
    throw invalid(path, `has no graph with the tag ${SERVE_TAG}`, "Export the model again, for serving.");
  }
  // Without them it would load, and each run fail.
  if (metaGraph.restores && !(await exists(join(dirname(path), "variables", "variables.index")))) {
    throw invalid(
      path,
      "has its weights in variables/, which is not beside it, or not whole",
      "Copy the whole folder again: saved_model.pb with variables/ beside it.",
    );
  }
  const signature = metaGraph.signatures.get(DEFAULT_SIGNATURE);
  if (signature === undefined) {
    const others = [...metaGraph.signatures.keys()].filter((name) => !name.startsWith("__")).join(", ");
    throw invalid(
      path,
      `has no signature ${DEFAULT_SIGNATURE}; it has ${others || "none"}`,
      `Export it with one: tf.saved_model.save(model, path, signatures={"${DEFAULT_SIGNATURE}": ...}).`,
    );
  }
  return {
    tags: metaGraph.tags,
    metaGraph: metaGraph.message,
    inputs: protobufMessages(signature, 1).map(toTensor(path, "input")).sort(byName),
    outputs: protobufMessages(signature, 2).map(toTensor(path, "output")).sort(byName),
  };
}

async function readWhole(path: string): Promise<Uint8Array> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw invalid(path, `cannot be read: ${messageOf(error)}`, "Check the path and its permissions.", error);
  }
  if (bytes.length === 0)
    throw invalid(path, "is empty", "Copy the folder again, or export the model again.");
  if (bytes.subarray(0, 40).toString("latin1").startsWith("version https://git-lfs")) {
    throw invalid(path, "is a Git LFS pointer, not the model itself", "Run git lfs pull.");
  }
  return bytes;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

interface MetaGraph {
  readonly message: Uint8Array;
  readonly tags: readonly string[];
  /** Whether it has a checkpoint to restore (a SaverDef). */
  readonly restores: boolean;
  /** SignatureDef messages by name. */
  readonly signatures: ReadonlyMap<string, Uint8Array>;
}

function toMetaGraph(message: Uint8Array): MetaGraph {
  const info = protobufField(message, 1)?.bytes ?? new Uint8Array(0);
  const decoder = new TextDecoder();
  return {
    message,
    restores: protobufField(message, 3) !== undefined,
    tags: protobufMessages(info, 4).map((tag) => decoder.decode(tag)),
    signatures: new Map(
      protobufMessages(message, 5).map((entry) => [
        protobufText(entry, 1),
        protobufField(entry, 2)?.bytes ?? new Uint8Array(0),
      ]),
    ),
  };
}

function isServing({ tags }: MetaGraph): boolean {
  return tags.length === 1 && tags[0] === SERVE_TAG;
}

function toTensor(path: string, side: "input" | "output"): (entry: Uint8Array) => SavedModelTensor {
  return (entry) => {
    const name = protobufText(entry, 1);
    const info = protobufField(entry, 2)?.bytes ?? new Uint8Array(0);
    const graphName = protobufText(info, 1);
    if (graphName === "") throw invalid(path, `has an ${side} ${name} that is sparse or composite`);
    const type = Number(protobufField(info, 2)?.varint ?? 0n);
    const shapeMessage = protobufField(info, 3)?.bytes;
    if (shapeMessage === undefined || protobufField(shapeMessage, 3)?.varint === 1n) {
      throw invalid(
        path,
        `has an ${side} ${name} of unknown rank, which no protocol can describe`,
        side === "input"
          ? "Give its shape when exporting: tf.TensorSpec([None, ...], dtype)."
          : "Fix its rank within the model, with tf.ensure_shape, and export it again.",
      );
    }
    const shape = protobufMessages(shapeMessage, 2).map((dimension) =>
      Number(BigInt.asIntN(64, protobufField(dimension, 1)?.varint ?? 0n)),
    );
    return { spec: { name, datatype: toDatatype(path, side, name, type), shape }, type, graphName };
  };
}

function toDatatype(path: string, side: "input" | "output", name: string, type: number): Datatype {
  const known = TF_DATATYPES[type];
  const datatype = known?.datatype;
  if (datatype !== undefined && PASSABLE[side].has(datatype)) return datatype;
  const list = [...PASSABLE[side]].join(", ");
  throw invalid(
    path,
    `has an ${side} ${name} of ${known?.name ?? `the type ${type}`}, which @tensorflow/tfjs-node cannot pass (it can: ${list})`,
    `Cast it within the exported signature, or convert the model to ONNX: python -m tf2onnx.convert --saved-model ${dirname(path)} --output model.onnx`,
  );
}

/** A protobuf map has no order of its own. */
function byName(a: SavedModelTensor, b: SavedModelTensor): number {
  return a.spec.name < b.spec.name ? -1 : 1;
}
