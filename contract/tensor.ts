import { DATATYPE_ARRAY, type Datatype, type DatatypeArray, isDatatype } from "./datatype.ts";
import { InvalidInput } from "./errors.ts";
import { describeValue } from "./describe.ts";

/**
 * A dense tensor: row-major elements with a datatype and a shape.
 * A plain object, so that it crosses thread boundaries by structured clone or transfer.
 */
export interface Tensor<D extends Datatype = Datatype> {
  readonly datatype: D;
  /** Length of each dimension; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** The elements, row-major; see {@link DatatypeArray} for the array of each datatype. */
  readonly data: DatatypeArray[D];
}

/** Tensors by name, in the order of the request or the signature. */
export type NamedTensors = Record<string, Tensor>;

/** What `tensor()` takes as elements: the datatype's own array, or plain values that fit it. */
export type TensorElements<D extends Datatype> = D extends "BYTES"
  ? readonly (string | Uint8Array)[]
  : D extends "INT64" | "UINT64"
    ? DatatypeArray[D] | readonly (number | bigint)[]
    : D extends "BOOL"
      ? Uint8Array | readonly (boolean | number)[]
      : D extends "FP16" | "BF16"
        ? DatatypeArray[D]
        : DatatypeArray[D] | readonly number[];

/** How many elements a shape holds. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const length of shape) count *= length;
  return count;
}

/** Whether a value is a tensor (an own datatype, shape and data, as `tensor` makes them). */
export function isTensor(value: unknown): value is Tensor {
  if (typeof value !== "object" || value === null) return false;
  const candidate = value as Partial<Tensor>;
  return isDatatype(candidate.datatype) && Array.isArray(candidate.shape) && isElementArray(candidate.data);
}

function isElementArray(value: unknown): boolean {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/**
 * Makes a tensor and checks it.
 *
 * @param datatype the element type
 * @param shape length of each dimension
 * @param elements the datatype's own array (kept, not copied), or plain values (converted; strings become UTF-8)
 * @throws InvalidInput when the element count does not fit the shape, or a value does not fit the datatype
 * @example tensor("FP32", [2, 2], [1, 2, 3, 4])
 */
export function tensor<D extends Datatype>(
  datatype: D,
  shape: readonly number[],
  elements: TensorElements<D>,
): Tensor<D> {
  const data = toElementArray(datatype, elements as readonly unknown[] | ArrayBufferView);
  const count = elementCount(shape);
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0) || count !== data.length) {
    throw new InvalidInput(
      `a tensor of shape [${shape.join(", ")}] holds ${count} elements, but ${data.length} came`,
    );
  }
  return { datatype, shape, data: data as DatatypeArray[D] };
}

function toElementArray(datatype: Datatype, elements: readonly unknown[] | ArrayBufferView) {
  if (datatype === "BYTES") return (elements as readonly unknown[]).map(toBytesElement);
  const constructor = DATATYPE_ARRAY[datatype];
  if (elements instanceof constructor) return elements;
  const values = elements as readonly unknown[];
  const data = new constructor(values.length);
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    const element = typeof value === "boolean" && datatype === "BOOL" ? Number(value) : value;
    const stored =
      data instanceof BigInt64Array || data instanceof BigUint64Array ? toBigInt(element) : element;
    data[index] = stored as never;
    const kept = data[index];
    if (kept !== stored && !(datatype === "FP32" && typeof stored === "number") && !Object.is(kept, stored)) {
      throw new InvalidInput(
        `element ${index} of a ${datatype} tensor is ${describeValue(value)}, which does not fit`,
      );
    }
  }
  return data;
}

function toBigInt(value: unknown): unknown {
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
}

const encoder = new TextEncoder();

function toBytesElement(value: unknown, index: number): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === "string") return encoder.encode(value);
  throw new InvalidInput(
    `element ${index} of a BYTES tensor is ${describeValue(value)}, expected a string or bytes`,
  );
}

/**
 * The elements of a BYTES tensor as text.
 * @throws InvalidInput when an element is not UTF-8
 */
export function strings(bytes: Tensor<"BYTES">): string[] {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return bytes.data.map((element, index) => {
    try {
      return decoder.decode(element);
    } catch {
      throw new InvalidInput(`element ${index} is ${element.length} bytes that are not UTF-8 text`);
    }
  });
}
