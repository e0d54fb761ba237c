import type * as Onnxruntime from "onnxruntime-node";
import type { Datatype } from "../../contract/datatype.ts";
import { InvalidInput } from "../../contract/errors.ts";
import { type Tensor, strings } from "../../contract/tensor.ts";
import { checkData } from "./check-tensors.ts";
import type { OnnxruntimePackage } from "./onnx-package.ts";

type OrtTensor = Onnxruntime.Tensor;

/** onnxruntime's word for each datatype it has; BF16 it cannot pass to JavaScript. */
export const ORT_TYPE: Partial<Record<Datatype, OrtTensor["type"]>> = {
  BOOL: "bool",
  UINT8: "uint8",
  UINT16: "uint16",
  UINT32: "uint32",
  UINT64: "uint64",
  INT8: "int8",
  INT16: "int16",
  INT32: "int32",
  INT64: "int64",
  FP16: "float16",
  FP32: "float32",
  FP64: "float64",
  BYTES: "string",
};

/** The datatype of each of onnxruntime's types. */
export const DATATYPE_OF_ORT: Readonly<Record<string, Datatype | undefined>> = Object.fromEntries(
  Object.entries(ORT_TYPE).map(([datatype, type]) => [type, datatype as Datatype]),
);

/**
 * A tensor as onnxruntime takes it, sharing its memory.
 * @param name of the input, for messages
 * @throws InvalidInput when the data is not what datatype and shape say, or is text that onnxruntime cannot pass
 */
export function toOrtTensor(ort: OnnxruntimePackage, name: string, tensor: Tensor): OrtTensor {
  const { datatype, shape, data } = tensor;
  checkData(name, tensor);
  if (datatype === "BYTES") {
    return new ort.Tensor("string", textsOf(name, tensor as Tensor<"BYTES">), shape);
  }
  if (datatype === "FP16") return halfTensor(data as Uint16Array, shape);
  return new ort.Tensor(ORT_TYPE[datatype] as "float32", data as Float32Array, shape);
}

/**
 * onnxruntime-node 1.30 refuses the Float16Array that its own Tensor makes of FP16 bits where the runtime has one
 * (Node 24). It reads only these members, so an object of that look passes the bits.
 */
function halfTensor(bits: Uint16Array, shape: readonly number[]): OrtTensor {
  const look = { type: "float16", data: bits, dims: shape, size: bits.length, location: "cpu" };
  return look as unknown as OrtTensor;
}

/** onnxruntime passes strings as C strings: they end at U+0000, and have to be UTF-8. */
function textsOf(name: string, tensor: Tensor<"BYTES">): string[] {
  let texts: string[];
  try {
    texts = strings(tensor);
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    throw new InvalidInput(`input ${name}: ${error.message}, and the ONNX engine takes nothing else`);
  }
  const bad = texts.findIndex((text) => text.includes("\0"));
  if (bad < 0) return texts;
  throw new InvalidInput(
    `input ${name}: element ${bad} has the character U+0000, where the ONNX engine would cut the text`,
  );
}

const encoder = new TextEncoder();

/** An output of onnxruntime's as our tensor, sharing its memory. */
export function fromOrtTensor(tensor: OrtTensor): Tensor {
  const datatype = DATATYPE_OF_ORT[tensor.type];
  if (datatype === undefined) throw new TypeError(`onnxruntime gave a tensor of ${tensor.type}`);
  const shape = tensor.dims;
  const data = tensor.data as unknown;
  if (datatype === "BYTES") {
    return { datatype, shape, data: (data as string[]).map((text) => encoder.encode(text)) };
  }
  if (datatype === "FP16" && !(data instanceof Uint16Array)) {
    const half = data as ArrayBufferView<ArrayBuffer> & { length: number };
    return { datatype, shape, data: new Uint16Array(half.buffer, half.byteOffset, half.length) };
  }
  return { datatype, shape, data: data as Float32Array };
}
