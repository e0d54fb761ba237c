import type { Datatype } from "../../contract/datatype.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import type { ServedModel } from "../served-model.ts";

const LARGEST_EXAMPLE = 1024;

/** A V1 request of zeros that the model takes; undefined where that is not known, or would be long. */
export function v1Example(model: Pick<ServedModel, "info">): unknown {
  const { inputs, takesTensors } = model.info;
  if (!takesTensors || inputs.some((spec) => exampleCount(spec) > LARGEST_EXAMPLE)) return undefined;
  const [only] = inputs;
  if (only === undefined) return undefined;
  if (inputs.length === 1) return { instances: [nestedExample(only.datatype, only.shape.slice(1))] };
  const entries = inputs.map((spec) => [spec.name, nestedExample(spec.datatype, spec.shape.slice(1))]);
  return { instances: [Object.fromEntries(entries)] };
}

/** A V2 request of zeros that the model takes; undefined where that is not known, or would be long. */
export function v2Example(model: ServedModel): unknown {
  const { inputs } = model.info;
  if (inputs.length === 0 || inputs.some((spec) => exampleCount(spec) > LARGEST_EXAMPLE)) return undefined;
  return {
    inputs: inputs.map((spec) => ({
      name: spec.name,
      shape: exampleShape(spec),
      datatype: spec.datatype,
      data: Array.from({ length: exampleCount(spec) }, () => exampleElement(spec.datatype)),
    })),
  };
}

function exampleShape(spec: TensorSpec): number[] {
  return spec.shape.map((length) => (length < 0 ? 1 : length));
}

function exampleCount(spec: TensorSpec): number {
  return exampleShape(spec).reduce((count, length) => count * length, 1);
}

function nestedExample(datatype: Datatype, shape: readonly number[]): unknown {
  const [length, ...rest] = shape;
  if (length === undefined) return exampleElement(datatype);
  return Array.from({ length: Math.abs(length) }, () => nestedExample(datatype, rest));
}

function exampleElement(datatype: Datatype): unknown {
  if (datatype === "BOOL") return false;
  return datatype === "BYTES" ? "" : 0;
}
