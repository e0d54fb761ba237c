import { describeValue } from "../../contract/describe.ts";
import { KtsError } from "../../contract/errors.ts";
import type { NamedTensor, Prediction } from "../../contract/inference.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import { type Tensor, isTensor } from "../../contract/tensor.ts";
import { typedArrayTensor } from "../elements/typed-array.ts";
import { outputTensor } from "./output-tensor.ts";
import { namesText } from "./shape.ts";

/** KServe's name for an output that has none of its own. */
export const UNNAMED_OUTPUT = "output-0";

/**
 * What a predictor returned, free of any protocol.
 * @param outputs the predictor's declared outputs; empty where it may answer with anything
 * @throws KtsError KTS_BAD_PREDICTION when it returned nothing, or not what `outputs` says
 */
export function toPrediction(value: unknown, outputs: readonly TensorSpec[]): Prediction {
  if (outputs.length > 0) return { kind: "tensors", tensors: declaredTensors(value, outputs) };
  if (typeof value === "string") return { kind: "text", text: value };
  if (Array.isArray(value)) return { kind: "array", values: value };
  if (value instanceof Uint8Array) return { kind: "bytes", bytes: value };
  if (value instanceof ArrayBuffer) return { kind: "bytes", bytes: new Uint8Array(value) };
  const tensor = asTensor(value);
  if (tensor !== undefined) return { kind: "tensors", tensors: [named(UNNAMED_OUTPUT, tensor)] };
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) {
    throw bad(
      `the predictor answered ${describeValue(value)}, expected an array, a tensor, an object or a text`,
    );
  }
  return tensorsByName(value) ?? { kind: "object", value: value as Readonly<Record<string, unknown>> };
}

function asTensor(value: unknown): Tensor | undefined {
  return isTensor(value) ? value : typedArrayTensor(value);
}

function named(name: string, { datatype, shape, data }: Tensor): NamedTensor {
  return { name, datatype, shape, data };
}

/** An object that holds tensors and nothing else; undefined for any other. */
function tensorsByName(value: object): Prediction | undefined {
  const tensors: NamedTensor[] = [];
  for (const [name, member] of Object.entries(value)) {
    const tensor = asTensor(member);
    if (tensor === undefined) return undefined;
    tensors.push(named(name, tensor));
  }
  return tensors.length === 0 ? undefined : { kind: "tensors", tensors };
}

function declaredTensors(value: unknown, outputs: readonly TensorSpec[]): NamedTensor[] {
  const [only] = outputs;
  if (!isRecord(value)) {
    if (outputs.length === 1 && only !== undefined) return [outputTensor(value, only)];
    throw bad(
      `the predictor answered ${describeValue(value)}, expected an object with ${namesText(outputs)}`,
    );
  }
  const unknown = Object.keys(value).find((name) => !outputs.some((spec) => spec.name === name));
  if (unknown !== undefined) {
    throw bad(`the predictor answered with ${unknown}, but outputs declares ${namesText(outputs)}`);
  }
  return outputs.map((spec) => {
    if (!Object.hasOwn(value, spec.name))
      throw bad(`the predictor's answer has no value for output ${spec.name}`);
    return outputTensor(value[spec.name], spec);
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) {
    return false;
  }
  return !isTensor(value);
}

function bad(message: string): KtsError {
  return new KtsError("KTS_BAD_PREDICTION", message);
}
