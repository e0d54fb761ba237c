import { DATATYPE_ARRAY } from "../../contract/datatype.ts";
import { type NamedTensors, type Tensor, elementCount, isTensor } from "../../contract/tensor.ts";

/**
 * Instances of what predict is to get: a list's length, or the first dimension that all its tensors have. 0 where it
 * has none, so that it cannot be joined with another.
 */
export function inputRows(input: unknown): number {
  if (Array.isArray(input)) return input.length;
  if (typeof input !== "object" || input === null) return 0;
  if (isTensor(input)) return tensorRows(input);
  const tensors = input as NamedTensors;
  let rows = 0;
  for (const name in tensors) {
    const tensor = tensors[name];
    const own = isTensor(tensor) ? tensorRows(tensor) : 0;
    if (own === 0 || (rows !== 0 && own !== rows)) return 0;
    rows = own;
  }
  return rows;
}

/** A tensor that is not what it says must not shift its neighbours' rows: it runs alone. */
function tensorRows({ datatype, shape, data }: Tensor): number {
  if (shape.length === 0 || data.length !== elementCount(shape)) return 0;
  const fits = datatype === "BYTES" ? Array.isArray(data) : data instanceof DATATYPE_ARRAY[datatype];
  return fits ? (shape[0] as number) : 0;
}

/** Whether two inputs, both with rows, can become one: lists, or tensors of the same names, datatypes and row shapes. */
export function canJoin(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) || Array.isArray(other)) return Array.isArray(one) && Array.isArray(other);
  if (isTensor(one) || isTensor(other)) return isTensor(one) && isTensor(other) && sameRows(one, other);
  const first = one as NamedTensors;
  const second = other as NamedTensors;
  let names = 0;
  for (const name in first) {
    const tensor = second[name];
    if (tensor === undefined || !sameRows(first[name] as Tensor, tensor)) return false;
    names++;
  }
  for (const _name in second) names--;
  return names === 0;
}

function sameRows(one: Tensor, other: Tensor): boolean {
  if (one.datatype !== other.datatype || one.shape.length !== other.shape.length) return false;
  for (let at = 1; at < one.shape.length; at++) if (one.shape[at] !== other.shape[at]) return false;
  return true;
}

/**
 * Several inputs as one, in their order. Tensors are copied, lists keep their values.
 * @param inputs all of which can join the first
 * @param rows of all together
 */
export function joinInputs(inputs: readonly unknown[], rows: number): unknown {
  const [first] = inputs;
  if (Array.isArray(first)) return (inputs as readonly unknown[][]).flat();
  if (isTensor(first)) return joinTensors(inputs as readonly Tensor[], rows);
  const joined = Object.create(null) as NamedTensors;
  for (const name in first as NamedTensors) {
    const parts = (inputs as readonly NamedTensors[]).map((tensors) => tensors[name] as Tensor);
    joined[name] = joinTensors(parts, rows);
  }
  return joined;
}

function joinTensors(parts: readonly Tensor[], rows: number): Tensor {
  const { datatype, shape } = parts[0] as Tensor;
  const joinedShape = [rows, ...shape.slice(1)];
  if (datatype === "BYTES") {
    const data = (parts as readonly Tensor<"BYTES">[]).flatMap((part) => part.data);
    return { datatype, shape: joinedShape, data };
  }
  const data = new DATATYPE_ARRAY[datatype](elementCount(joinedShape)) as Float32Array;
  let offset = 0;
  for (const part of parts as readonly Tensor<"FP32">[]) {
    data.set(part.data, offset);
    offset += part.data.length;
  }
  return { datatype, shape: joinedShape, data };
}
