import { DATATYPE_ARRAY, type Datatype, type FixedDatatype } from "../../contract/datatype.ts";
import { describeValue, shorten } from "../../contract/describe.ts";
import { numberToBf16, numberToFp16 } from "../../contract/half.ts";
import type { Tensor } from "../../contract/tensor.ts";

/** A tensor's elements while they are stored; those of BYTES are encoded when all are there. */
export type ElementStore = Exclude<Tensor["data"], Uint8Array[]> | (string | Uint8Array)[];

/** Room for a tensor's elements. */
export function createStore(datatype: Datatype, count: number): ElementStore {
  return datatype === "BYTES"
    ? new Array<string | Uint8Array>(count)
    : new DATATYPE_ARRAY[datatype as FixedDatatype](count);
}

/** Half a step above each type's largest number: from here on, rounding to nearest gives infinity. */
const FP32_END = (2 - 2 ** -24) * 2 ** 127;
const BF16_END = (2 - 2 ** -8) * 2 ** 127;
const FP16_END = (2 - 2 ** -11) * 2 ** 15;

/**
 * Stores plain values as elements of a datatype.
 * @param onlyFinite refuses infinities: where the values come from JSON, they are numbers too large for a double
 * @returns the index of the first value that does not fit the datatype; -1 when all do
 */
export function storeElements(
  datatype: Datatype,
  values: ArrayLike<unknown>,
  store: ElementStore,
  at: number,
  onlyFinite = false,
): number {
  switch (datatype) {
    case "FP32":
      if (values instanceof Float64Array) return storeDoubles(values, store as Float32Array, at, onlyFinite);
      return storeFloats(values, store as Float32Array, at, FP32_END, onlyFinite);
    case "FP64":
      return storeFloats(values, store as Float64Array, at, Infinity, onlyFinite);
    case "FP16":
      return storeHalves(values, store as Uint16Array, at, FP16_END, onlyFinite, numberToFp16);
    case "BF16":
      return storeHalves(values, store as Uint16Array, at, BF16_END, onlyFinite, numberToBf16);
    case "BOOL":
      return storeFlags(values, store as Uint8Array, at);
    case "INT64":
      return storeLongs(values, store as BigInt64Array, at, -(2n ** 63n), 2n ** 63n);
    case "UINT64":
      return storeLongs(values, store as BigUint64Array, at, 0n, 2n ** 64n);
    case "BYTES":
      return storeBytes(values, store as (string | Uint8Array)[], at);
    default:
      return storeIntegers(values, store as Int32Array, at);
  }
}

/** @param end the number from which on a finite one is too large */
function storeFloats(
  values: ArrayLike<unknown>,
  store: Float32Array | Float64Array,
  at: number,
  end: number,
  onlyFinite: boolean,
): number {
  for (let index = 0; index < values.length; index++) {
    let value = values[index];
    if (typeof value !== "number") {
      // Integers beyond 2^53 may come as BigInt; the conversion rounds to nearest.
      if (typeof value !== "bigint") return index;
      value = Number(value);
    }
    if ((value as number) >= end || (value as number) <= -end) {
      // A BigInt may have become infinite just now.
      if (onlyFinite || Number.isFinite(value) || values[index] !== value) return index;
    }
    store[at + index] = value as number;
  }
  return -1;
}

/** Numbers that come as doubles already, as long tensors do: without a look at the type of each. */
function storeDoubles(values: Float64Array, store: Float32Array, at: number, onlyFinite: boolean): number {
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number;
    if ((value >= FP32_END || value <= -FP32_END) && (onlyFinite || Number.isFinite(value))) return index;
    store[at + index] = value;
  }
  return -1;
}

function storeHalves(
  values: ArrayLike<unknown>,
  store: Uint16Array,
  at: number,
  end: number,
  onlyFinite: boolean,
  convert: (value: number) => number,
): number {
  const numbers = new Float64Array(values.length);
  const bad = storeFloats(values, numbers, 0, end, onlyFinite);
  const count = bad < 0 ? values.length : bad;
  for (let index = 0; index < count; index++) store[at + index] = convert(numbers[index] as number);
  return bad;
}

/** What an integer array does not hold as it is, it holds as something else: a fraction, too large a number. */
function storeIntegers(values: ArrayLike<unknown>, store: Int32Array, at: number): number {
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    // Storing an object would call its valueOf or toString, which in JSON may be anything.
    if (typeof value !== "number") return index;
    store[at + index] = value;
    if (store[at + index] !== value) return index;
  }
  return -1;
}

function storeFlags(values: ArrayLike<unknown>, store: Uint8Array, at: number): number {
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (value === true || value === 1) store[at + index] = 1;
    else if (value === false || value === 0) store[at + index] = 0;
    else return index;
  }
  return -1;
}

/** Safe integers are written as two halves: making a BigInt of each takes ten times as long. */
function storeLongs(
  values: ArrayLike<unknown>,
  store: BigInt64Array | BigUint64Array,
  at: number,
  least: bigint,
  end: bigint,
): number {
  const halves = new Int32Array(store.buffer, store.byteOffset, store.length * 2);
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (Number.isSafeInteger(value) && (least !== 0n || (value as number) >= 0)) {
      halves[2 * (at + index)] = value as number;
      halves[2 * (at + index) + 1] = Math.floor((value as number) / 4_294_967_296);
      continue;
    }
    if (typeof value !== "bigint" && (typeof value !== "number" || !Number.isInteger(value))) return index;
    const long = BigInt(value);
    if (long < least || long >= end) return index;
    store[at + index] = long;
  }
  return -1;
}

function storeBytes(values: ArrayLike<unknown>, store: (string | Uint8Array)[], at: number): number {
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (typeof value === "string" ? !value.isWellFormed() : !(value instanceof Uint8Array)) return index;
    store[at + index] = value as string | Uint8Array;
  }
  return -1;
}

const EXPECTED: Readonly<Record<Datatype, string>> = {
  BOOL: "a BOOL (true or false)",
  UINT8: "a UINT8 (0 to 255)",
  UINT16: "a UINT16 (0 to 65535)",
  UINT32: "a UINT32 (0 to 4294967295)",
  UINT64: "a UINT64 (0 to 18446744073709551615)",
  INT8: "an INT8 (-128 to 127)",
  INT16: "an INT16 (-32768 to 32767)",
  INT32: "an INT32 (-2147483648 to 2147483647)",
  INT64: "an INT64 (-9223372036854775808 to 9223372036854775807)",
  FP16: "an FP16 number (at most 65504)",
  BF16: "a BF16 number (at most 3.3895e38)",
  FP32: "an FP32 number (at most 3.4028e38)",
  FP64: "an FP64 number",
  BYTES: "a BYTES text",
};

/** Why a value is no element of a datatype. */
export function misfit(datatype: Datatype, value: unknown): string {
  if (typeof value === "string" && datatype === "BYTES") {
    return `expected ${EXPECTED.BYTES}, got a string with half a surrogate pair, which UTF-8 cannot say`;
  }
  const isNumber = typeof value === "number" || typeof value === "bigint";
  const got = isNumber ? shorten(String(value), 40) : describeValue(value);
  return `expected ${EXPECTED[datatype]}, got ${got}`;
}
