import { InvalidInput } from "../../contract/errors.ts";
import { bf16ToNumber, fp16ToNumber } from "../../contract/half.ts";
import type { NamedTensors, Tensor } from "../../contract/tensor.ts";
import { countElements } from "../elements/size.ts";
import { decodeUtf8 } from "../elements/text.ts";
import { shapeText } from "./shape.ts";

/**
 * Tensors as V1's instances, one a row of the first dimension: a row's value where there is one tensor, else an
 * object keyed by name. BYTES are text where they are UTF-8; integers beyond 2^53 are BigInts.
 * @throws InvalidInput when the tensors have no first dimension in common
 */
export function unstackTensors(tensors: NamedTensors): unknown[] {
  const names = Object.keys(tensors);
  const rows = commonRows(tensors, names);
  const columns = names.map((name) => rowsOf(tensors[name] as Tensor, rows));
  const [only] = columns;
  if (columns.length === 1 && only !== undefined) return only;
  // fromEntries makes a member of any name, `__proto__` too.
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(names.map((name, index) => [name, columns[index]?.[row]])),
  );
}

function commonRows(tensors: NamedTensors, names: readonly string[]): number {
  const shapes = names.map((name) => (tensors[name] as Tensor).shape);
  const rows = shapes[0]?.[0];
  if (rows !== undefined && shapes.every((shape) => shape[0] === rows)) return rows;
  const got = names.map((name, index) => `${name} ${shapeText(shapes[index] ?? [])}`).join(", ");
  const problem = "the tensors have no first dimension in common, so they cannot be told by instance";
  throw new InvalidInput(`${problem}: ${got}`, { path: "inputs" });
}

function rowsOf(tensor: Tensor, rows: number): unknown[] {
  const read = elementReader(tensor);
  const size = countElements(tensor.shape.slice(1));
  return Array.from({ length: rows }, (_, row) => nest(read, tensor.shape, 1, row * size, size));
}

function nest(
  read: (index: number) => unknown,
  shape: readonly number[],
  level: number,
  from: number,
  size: number,
): unknown {
  if (level === shape.length) return read(from);
  const length = shape[level] as number;
  const values = new Array<unknown>(length);
  const partSize = length === 0 ? 0 : size / length;
  for (let index = 0; index < length; index++) {
    values[index] = nest(read, shape, level + 1, from + index * partSize, partSize);
  }
  return values;
}

/** Reads a tensor's elements as plain values. */
export function elementReader({ datatype, data }: Tensor): (index: number) => unknown {
  switch (datatype) {
    case "BOOL":
      return (index) => data[index] !== 0;
    case "FP16":
      return (index) => fp16ToNumber(data[index] as number);
    case "BF16":
      return (index) => bf16ToNumber(data[index] as number);
    case "INT64":
    case "UINT64":
      return (index) => plainInteger(data[index] as bigint);
    case "BYTES":
      return (index) => decodeUtf8(data[index] as Uint8Array) ?? data[index];
    default:
      return (index) => data[index];
  }
}

function plainInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
