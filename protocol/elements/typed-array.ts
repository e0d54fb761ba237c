import type { Datatype } from "../../contract/datatype.ts";
import type { Tensor } from "../../contract/tensor.ts";

const DATATYPE_BY_ARRAY: Readonly<Record<string, Datatype>> = {
  Uint8Array: "UINT8",
  Uint8ClampedArray: "UINT8",
  Uint16Array: "UINT16",
  Uint32Array: "UINT32",
  BigUint64Array: "UINT64",
  Int8Array: "INT8",
  Int16Array: "INT16",
  Int32Array: "INT32",
  BigInt64Array: "INT64",
  Float16Array: "FP16",
  Float32Array: "FP32",
  Float64Array: "FP64",
};

/**
 * A typed array as a tensor of its own datatype, with one dimension, sharing its memory; undefined for anything else.
 * Told by its tag, which a Buffer and an array from another realm share with the array they are.
 */
export function typedArrayTensor(value: unknown): Tensor | undefined {
  if (!ArrayBuffer.isView(value)) return undefined;
  const datatype = DATATYPE_BY_ARRAY[(value as unknown as Record<symbol, string>)[Symbol.toStringTag] ?? ""];
  if (datatype === undefined) return undefined;
  const array = value as ArrayBufferView & { readonly length: number };
  const shape = [array.length];
  if (datatype === "FP16") {
    return {
      datatype,
      shape,
      data: new Uint16Array(array.buffer as ArrayBuffer, array.byteOffset, array.length),
    };
  }
  if (value instanceof Uint8ClampedArray) {
    return {
      datatype,
      shape,
      data: new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.length),
    };
  }
  return { datatype, shape, data: array as unknown as Float32Array };
}
