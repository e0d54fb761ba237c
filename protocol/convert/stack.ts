import { describeValue } from "../../contract/describe.ts";
import { InvalidInput } from "../../contract/errors.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import type { NamedTensors, Tensor } from "../../contract/tensor.ts";
import { NestedReader, finishStore, isList } from "../elements/nested.ts";
import { checkTensorSize, countElements } from "../elements/size.ts";
import { createStore } from "../elements/store.ts";
import type { DecodeLimits } from "../limits.ts";
import { bytesOfInstance } from "./base64-values.ts";
import { namesText, shapeText } from "./shape.ts";

/** The place of an input's value within an instance. */
interface Column {
  readonly spec: TensorSpec;
  /** What follows `instances[n]` in the path of its values. */
  readonly suffix: string;
  readonly values: readonly unknown[];
}

const invalid = (path: string, message: string) => new InvalidInput(message, { path });

/**
 * V1's instances as tensors, stacked along a new first dimension. Where the model has one input an instance is its
 * value (or an object with only that value); where it has several, an object keyed by input name.
 * @throws InvalidInput with the path of what does not fit; KtsError KTS_BODY_TOO_LARGE
 */
export function stackInstances(
  instances: readonly unknown[],
  inputs: readonly TensorSpec[],
  limits: DecodeLimits,
): NamedTensors {
  if (instances.length === 0)
    throw invalid("instances", "expected at least one instance, got an empty array");
  const [only] = inputs;
  const columns =
    inputs.length === 1 && only !== undefined
      ? [singleColumn(instances, only)]
      : namedColumns(instances, inputs);
  const tensors = Object.create(null) as NamedTensors;
  for (const column of columns) tensors[column.spec.name] = stackColumn(column, limits);
  return tensors;
}

function singleColumn(instances: readonly unknown[], spec: TensorSpec): Column {
  if (!isKeyedBy(instances[0], spec.name)) return { spec, suffix: "", values: instances };
  const values = instances.map((instance, index) => {
    if (isKeyedBy(instance, spec.name)) return instance[spec.name];
    const problem = `expected an object with ${spec.name} as in instances[0], got ${describeValue(instance)}`;
    throw invalid(`instances[${index}]`, problem);
  });
  return { spec, suffix: `.${spec.name}`, values };
}

function isKeyedBy(instance: unknown, name: string): instance is Record<string, unknown> {
  if (!isObject(instance)) return false;
  const keys = Object.keys(instance);
  return keys.length === 1 && keys[0] === name;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** An input that may be left out is left out by all instances or by none. */
function namedColumns(instances: readonly unknown[], inputs: readonly TensorSpec[]): Column[] {
  instances.forEach((instance, index) => checkNames(instance, inputs, `instances[${index}]`));
  const objects = instances as readonly Record<string, unknown>[];
  const columns: Column[] = [];
  for (const spec of inputs) {
    const isGiven = Object.hasOwn(objects[0] as object, spec.name);
    const odd = objects.findIndex((instance) => Object.hasOwn(instance, spec.name) !== isGiven);
    if (odd >= 0) {
      const problem = isGiven ? `has no ${spec.name}, unlike` : `has ${spec.name}, unlike`;
      throw invalid(`instances[${odd}]`, `${problem} instances[0]`);
    }
    if (!isGiven) continue;
    columns.push({ spec, suffix: `.${spec.name}`, values: objects.map((instance) => instance[spec.name]) });
  }
  return columns;
}

function checkNames(instance: unknown, inputs: readonly TensorSpec[], path: string): void {
  if (!isObject(instance)) {
    throw invalid(path, `expected an object with ${namesText(inputs)}, got ${describeValue(instance)}`);
  }
  for (const { name, optional } of inputs) {
    if (optional === true || Object.hasOwn(instance, name)) continue;
    throw invalid(path, `has no ${name}, expected an object with ${namesText(inputs)}`);
  }
  for (const name of Object.keys(instance)) {
    if (inputs.some((spec) => spec.name === name)) continue;
    throw invalid(path, `the model has no input ${JSON.stringify(name)}, expected ${namesText(inputs)}`);
  }
}

function stackColumn({ spec, suffix, values }: Column, limits: DecodeLimits): Tensor {
  const { datatype } = spec;
  const pathOf = (index: number) => `instances[${index}]${suffix}`;
  checkCount(spec, values.length);
  const plain = datatype === "BYTES" ? values.map((value, at) => bytesOfInstance(value, pathOf(at))) : values;
  const itemShape = itemShapeOf(plain[0], spec, pathOf(0));
  const shape = spec.shape.length === 0 ? [] : [plain.length, ...itemShape];
  const count = countElements(shape);
  checkTensorSize(datatype, count, "instances", limits);
  const store = createStore(datatype, count);
  const reader = new NestedReader(datatype, store, itemShape, invalid);
  for (let index = 0; index < plain.length; index++) reader.read(plain[index], pathOf(index));
  return { datatype, shape, data: finishStore(datatype, store) };
}

/** A scalar input, and one whose first dimension is fixed, take just so many instances. */
function checkCount({ name, shape }: TensorSpec, count: number): void {
  const expected = shape[0] ?? 1;
  if (expected < 0 || expected === count) return;
  const problem = `input ${name} has the shape ${shapeText(shape)}, which takes ${expected}, got ${count}`;
  throw invalid("instances", problem);
}

/** The shape of each instance: the spec's without its first dimension, open ones as long as in the first instance. */
function itemShapeOf(first: unknown, spec: TensorSpec, path: string): number[] {
  let level = first;
  return spec.shape.slice(1).map((length) => {
    const list = isList(level, spec.datatype) ? level : undefined;
    if (length < 0 && list === undefined) {
      const expected = `expected an array for input ${spec.name} of shape ${shapeText(spec.shape)}`;
      throw invalid(path, `${expected}, got ${describeValue(level)}`);
    }
    level = list?.[0];
    return length < 0 ? (list as ArrayLike<unknown>).length : length;
  });
}
