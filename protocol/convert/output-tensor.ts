import { DATATYPE_ARRAY, type FixedDatatype } from "../../contract/datatype.ts";
import { describeValue } from "../../contract/describe.ts";
import { KtsError } from "../../contract/errors.ts";
import type { NamedTensor } from "../../contract/inference.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import { type Tensor, isTensor } from "../../contract/tensor.ts";
import { NestedReader, finishStore, isList, shapeOf } from "../elements/nested.ts";
import { countElements } from "../elements/size.ts";
import { createStore } from "../elements/store.ts";
import { typedArrayTensor } from "../elements/typed-array.ts";
import { fillShape, fitsShape, shapeText } from "./shape.ts";

/** Deeper than any tensor. */
const MOST_RANK = 64;

/**
 * What a predictor returned for one output, as the tensor that its spec declares: a tensor as it is; a typed array or
 * plain values converted. Flat values take the spec's shape, where only one of its dimensions is open.
 * @throws KtsError KTS_BAD_PREDICTION when it is not what the spec says
 */
export function outputTensor(value: unknown, spec: TensorSpec): NamedTensor {
  const tensor = isTensor(value) ? sameDatatype(value, spec) : tensorOfValues(value, spec);
  const flat = tensor.shape.length === 1 && spec.shape.length !== 1 && !isTensor(value);
  const shape = flat ? (fillShape(spec.shape, tensor.data.length) ?? tensor.shape) : tensor.shape;
  if (!fitsShape(shape, spec.shape)) {
    throw bad(spec, `has the shape ${shapeText(shape)}, but outputs declares ${shapeText(spec.shape)}`);
  }
  return { name: spec.name, datatype: spec.datatype, shape, data: tensor.data };
}

function sameDatatype(tensor: Tensor, spec: TensorSpec): Tensor {
  if (tensor.datatype === spec.datatype) return tensor;
  throw bad(spec, `is ${tensor.datatype}, but outputs declares ${spec.datatype}`);
}

function tensorOfValues(value: unknown, spec: TensorSpec): Pick<Tensor, "shape" | "data"> {
  const { datatype } = spec;
  if (isOwnArray(value, spec)) return { shape: [value.length], data: value };
  const list = typedValues(value, spec) ?? value;
  if (!isList(list, datatype) && spec.shape.length > 0) {
    throw bad(spec, `is ${describeValue(value)}, expected a tensor, a typed array or an array`);
  }
  const shape = shapeOf(list, datatype, MOST_RANK);
  if (shape.length > MOST_RANK) throw bad(spec, `nests deeper than ${MOST_RANK} levels`);
  const store = createStore(datatype, countElements(shape));
  new NestedReader(datatype, store, shape, wrong).read(list, `output ${spec.name}`);
  return { shape, data: finishStore(datatype, store) };
}

/** The datatype's own typed array, which is taken as it is. */
function isOwnArray(
  value: unknown,
  { datatype }: TensorSpec,
): value is Exclude<Tensor["data"], Uint8Array[]> {
  return datatype !== "BYTES" && value instanceof DATATYPE_ARRAY[datatype as FixedDatatype];
}

/** A Float16Array holds numbers as a list does; an FP16 output takes its bits. */
function typedValues(value: unknown, { datatype }: TensorSpec): unknown {
  if (datatype !== "FP16" || value instanceof Uint16Array) return undefined;
  return typedArrayTensor(value)?.datatype === "FP16" ? Array.from(value as ArrayLike<number>) : undefined;
}

const wrong = (path: string, message: string) => new KtsError("KTS_BAD_PREDICTION", message, { path });

function bad({ name }: TensorSpec, problem: string): KtsError {
  return new KtsError("KTS_BAD_PREDICTION", `output ${name} ${problem}`);
}
