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

/** Whether a value is a tensor as `tensor` makes them: a datatype, a shape, and elements in that datatype's own array. */
export function isTensor(value: unknown): value is Tensor {
  if (typeof value !== "object" || value === null) return false;
  const { datatype, shape, data } = value as Partial<Tensor>;
  if (!isDatatype(datatype) || !Array.isArray(shape)) return false;
  if (datatype === "BYTES") return Array.isArray(data);
  // By its tag, which an array from another realm shares.
  return ArrayBuffer.isView(data) && tagOf(data) === DATATYPE_ARRAY[datatype].name;
}

function tagOf(view: ArrayBufferView): string | undefined {
  return (view as { readonly [Symbol.toStringTag]?: string })[Symbol.toStringTag];
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
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0)) {
    throw new InvalidInput(`a shape has lengths of 0 or more, got [${shape.join(", ")}]`);
  }
  const count = elementCount(shape);
  if (count !== data.length) {
    throw new InvalidInput(
      `a tensor of shape [${shape.join(", ")}] holds ${count} elements, but ${data.length} came`,
    );
  }
  return { datatype, shape, data: data as DatatypeArray[D] };
}

function toElementArray(datatype: Datatype, elements: readonly unknown[] | ArrayBufferView) {
  const values = elements as readonly unknown[];
  // Unlike map, from visits the holes of an array.
  if (datatype === "BYTES") return Array.from(values, toBytesElement);
  const constructor = DATATYPE_ARRAY[datatype];
  if (elements instanceof constructor) return elements;
  if (datatype === "FP16" || datatype === "BF16") {
    throw new InvalidInput(
      `a ${datatype} tensor takes a Uint16Array of its bits; fromFloat32("${datatype}", shape, numbers) makes one of numbers`,
    );
  }
  const data = new constructor(values.length);
  for (let index = 0; index < values.length; index++) {
    const element = plainElement(datatype, values[index]);
    if (element !== undefined) data[index] = element as never;
    if (element === undefined || !isKept(element, data[index] as number | bigint, datatype)) {
      throw new InvalidInput(
        `element ${index} of a ${datatype} tensor is ${describeValue(values[index])}, which does not fit`,
      );
    }
  }
  return data;
}

/** A plain value as an array can take it; undefined where it is of another kind. */
function plainElement(datatype: Datatype, value: unknown): number | bigint | undefined {
  if (datatype === "BOOL") {
    return value === true || value === 1 ? 1 : value === false || value === 0 ? 0 : undefined;
  }
  if (datatype === "INT64" || datatype === "UINT64") {
    if (typeof value === "bigint") return value;
    return Number.isInteger(value) ? BigInt(value as number) : undefined;
  }
  return typeof value === "number" ? value : undefined;
}

/** FP32 rounds, but what becomes infinite was too large. */
function isKept(element: number | bigint, kept: number | bigint, datatype: Datatype): boolean {
  if (datatype === "FP32") return Number.isFinite(kept) || !Number.isFinite(element);
  return kept === element || Object.is(kept, element);
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
