import { InvalidInput } from "../../contract/errors.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import type { NamedTensors, Tensor } from "../../contract/tensor.ts";
import { fitsShape, namesText, shapeText } from "./shape.ts";

/**
 * Checks the tensors of a request against a model's inputs.
 * @param tensors in the request's order, which the paths of errors count by
 * @throws InvalidInput when one is unknown, missing, or of another datatype or shape
 */
export function checkTensors(tensors: NamedTensors, inputs: readonly TensorSpec[]): void {
  let index = 0;
  for (const name in tensors) {
    const spec = inputs.find((candidate) => candidate.name === name);
    const path = `inputs[${index}]`;
    if (spec === undefined) {
      const problem = `the model has no input ${JSON.stringify(name)}, expected ${namesText(inputs)}`;
      throw new InvalidInput(problem, { path: `${path}.name` });
    }
    checkTensor(tensors[name] as Tensor, spec, path);
    index++;
  }
  for (const { name, optional } of inputs) {
    if (optional === true || name in tensors) continue;
    throw new InvalidInput(`the model's input ${JSON.stringify(name)} is missing`, { path: "inputs" });
  }
}

function checkTensor({ datatype, shape }: Tensor, spec: TensorSpec, path: string): void {
  if (datatype !== spec.datatype) {
    const problem = `expected ${spec.datatype} for input ${spec.name}, got ${datatype}`;
    throw new InvalidInput(problem, { path: `${path}.datatype` });
  }
  if (!fitsShape(shape, spec.shape)) {
    const problem = `expected ${shapeText(spec.shape)} for input ${spec.name}, got ${shapeText(shape)}`;
    throw new InvalidInput(problem, { path: `${path}.shape` });
  }
}
