import { DATATYPE_ARRAY } from "../../contract/datatype.ts";
import { describeValue } from "../../contract/describe.ts";
import { InvalidInput } from "../../contract/errors.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import { type NamedTensors, type Tensor, elementCount } from "../../contract/tensor.ts";

/**
 * Checks that there is one tensor of the right kind for each input, and no other. Engines ignore or misread what
 * does not fit, so everything is checked before it reaches one.
 * @throws InvalidInput
 */
export function checkInputs(specs: readonly TensorSpec[], inputs: NamedTensors): void {
  for (const spec of specs) {
    const tensor = inputs[spec.name];
    if (tensor === undefined) throw new InvalidInput(`input ${spec.name} is missing${listInputs(specs)}`);
    checkInput(spec, tensor);
    checkData(spec.name, tensor);
  }
  const names = Object.keys(inputs);
  if (names.length === specs.length) return;
  const unknown = names.find((name) => !specs.some((spec) => spec.name === name));
  throw new InvalidInput(`the model has no input ${unknown}${listInputs(specs)}`);
}

/** @throws InvalidInput when a tensor has not the datatype or shape of its spec */
export function checkInput({ name, datatype, shape }: TensorSpec, tensor: Tensor): void {
  if (tensor.datatype !== datatype) {
    throw new InvalidInput(`input ${name}: expected datatype ${datatype}, got ${tensor.datatype}`);
  }
  const came = tensor.shape;
  const fits = came.length === shape.length && shape.every((length, at) => length < 0 || length === came[at]);
  if (!fits) {
    throw new InvalidInput(`input ${name}: expected shape [${shape.join(", ")}], got [${came.join(", ")}]`);
  }
}

/**
 * Checks that a tensor's data is what its datatype and shape say: code of the predictor's own may have made it.
 * @param name of the input
 * @throws InvalidInput
 */
export function checkData(name: string, { datatype, shape, data }: Tensor): void {
  const count = elementCount(shape);
  if (data.length !== count) {
    throw new InvalidInput(
      `input ${name}: shape [${shape.join(", ")}] holds ${count} elements, but ${data.length} came`,
    );
  }
  if (datatype === "BYTES" ? Array.isArray(data) : data instanceof DATATYPE_ARRAY[datatype]) return;
  const expected = datatype === "BYTES" ? "list of bytes" : DATATYPE_ARRAY[datatype].name;
  throw new InvalidInput(`input ${name}: expected a ${expected} for ${datatype}, got ${describeValue(data)}`);
}

/** What the model takes, as the end of a message. */
export function listInputs(specs: readonly TensorSpec[]): string {
  const inputs = specs.map(({ name, datatype, shape }) => `${name} (${datatype} [${shape.join(", ")}])`);
  return `; the model takes ${inputs.join(", ") || "nothing"}`;
}

/**
 * The outputs that were asked for.
 * @throws InvalidInput when the model has not all of them, or there are none
 */
export function checkedOutputs(specs: readonly TensorSpec[], outputs: readonly string[]): readonly string[] {
  const unknown = outputs.find((name) => !specs.some((spec) => spec.name === name));
  if (unknown === undefined && outputs.length > 0) return outputs;
  const known = specs.map(({ name }) => name).join(", ");
  throw new InvalidInput(`the model has no output ${unknown ?? "in an empty list"}; it gives ${known}`);
}
