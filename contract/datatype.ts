/**
 * The tensor datatypes of the Open Inference Protocol (V2), plus BF16 as Triton has it.
 * Specification: open-inference-protocol, inference_rest.md, "Tensor Data Types".
 */

/** Element size in bytes on the wire and in memory; BYTES elements have a length of their own, so 0. */
export const DATATYPE_SIZE = {
  BOOL: 1,
  UINT8: 1,
  UINT16: 2,
  UINT32: 4,
  UINT64: 8,
  INT8: 1,
  INT16: 2,
  INT32: 4,
  INT64: 8,
  FP16: 2,
  BF16: 2,
  FP32: 4,
  FP64: 8,
  BYTES: 0,
} as const;

/** A tensor's element type, by the protocol's own name. */
export type Datatype = keyof typeof DATATYPE_SIZE;

/** Every datatype, in the protocol's order. */
export const DATATYPES = Object.keys(DATATYPE_SIZE) as readonly Datatype[];

/**
 * How each datatype's elements are held in memory.
 * BOOL: 0 or 1. FP16 and BF16: the raw 16 bits (see `toFloat32` and `fromFloat32`).
 * BYTES: one `Uint8Array` an element (see `strings`).
 */
export interface DatatypeArray {
  BOOL: Uint8Array;
  UINT8: Uint8Array;
  UINT16: Uint16Array;
  UINT32: Uint32Array;
  UINT64: BigUint64Array;
  INT8: Int8Array;
  INT16: Int16Array;
  INT32: Int32Array;
  INT64: BigInt64Array;
  FP16: Uint16Array;
  BF16: Uint16Array;
  FP32: Float32Array;
  FP64: Float64Array;
  BYTES: Uint8Array[];
}

/** The datatypes whose elements have a fixed size. */
export type FixedDatatype = Exclude<Datatype, "BYTES">;

/** The array constructor of each fixed-size datatype. */
export const DATATYPE_ARRAY = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP16: Uint16Array,
  BF16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
} as const;

/** Whether `value` names a datatype, exactly (the protocol's names are upper case). */
export function isDatatype(value: unknown): value is Datatype {
  return typeof value === "string" && Object.hasOwn(DATATYPE_SIZE, value);
}
