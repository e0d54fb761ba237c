import { type Datatype, isDatatype } from "../../contract/datatype.ts";
import { describeValue, shorten } from "../../contract/describe.ts";
import { InvalidInput } from "../../contract/errors.ts";
import type { NamedTensor } from "../../contract/inference.ts";
import type { Tensor } from "../../contract/tensor.ts";
import { countElements } from "../elements/size.ts";
import type { DecodeLimits } from "../limits.ts";
import { type BinaryPart, decodeRaw } from "./binary-part.ts";
import { type JsonDocument, jsonData } from "./json-data.ts";
import { readName, readObject, readParameters } from "./members.ts";

/** What tensors are read from. */
export interface TensorSource {
  readonly document: JsonDocument;
  /** Undefined where the body is JSON only. */
  readonly binary: BinaryPart | undefined;
  readonly limits: DecodeLimits;
  /** Whether null, "NaN", "Infinity" and "-Infinity" stand for floats, as they do in answers. Default false. */
  readonly lenient?: boolean;
}

/**
 * Reads one tensor of a request's `inputs` or an answer's `outputs`.
 * @param value the list's element
 * @param side the list's name
 * @throws InvalidInput with the member's path; KtsError KTS_BODY_TOO_LARGE
 */
export function readTensor(
  value: unknown,
  side: "inputs" | "outputs",
  index: number,
  source: TensorSource,
): NamedTensor {
  const path = `${side}[${index}]`;
  const members = readObject(value, path);
  const name = readName(members["name"], `${path}.name`);
  const datatype = readDatatype(members["datatype"], path);
  const shape = readShape(members["shape"], path, source.limits);
  const count = countElements(shape);
  const parameters = readParameters(members["parameters"], `${path}.parameters`);
  const size = parameters["binary_data_size"];
  const given = members["data"];
  let data: Tensor["data"];
  if (size === undefined) {
    if (given === undefined || given === null) throw missingData(name, side, path);
    data = jsonData({ datatype, shape, count, side, index, data: given }, source);
  } else {
    data = rawData({ datatype, count, size, given }, path, source);
  }
  return { name, datatype, shape, data };
}

function rawData(
  tensor: { datatype: Datatype; count: number; size: unknown; given: unknown },
  path: string,
  { binary, limits }: TensorSource,
): Tensor["data"] {
  const sizePath = `${path}.parameters.binary_data_size`;
  if (tensor.given !== undefined && tensor.given !== null) {
    throw new InvalidInput("has both data and parameters.binary_data_size, expected one of them", { path });
  }
  if (binary === undefined) {
    const problem = "the body has no binary part: the header Inference-Header-Content-Length is missing";
    throw new InvalidInput(problem, { path: sizePath });
  }
  return decodeRaw(tensor.datatype, binary.take(tensor.size, sizePath), tensor.count, sizePath, limits);
}

function missingData(name: string, side: "inputs" | "outputs", path: string): InvalidInput {
  const which = `${side === "inputs" ? "input" : "output"} '${shorten(name, 100)}'`;
  const problem = `'data' field is missing for ${which}, and there is no parameters.binary_data_size`;
  return new InvalidInput(problem, { path: `${path}.data` });
}

/** KServe takes lower case on REST as well. */
export function readDatatype(value: unknown, path: string): Datatype {
  if (isDatatype(value)) return value;
  const upper = typeof value === "string" ? value.toUpperCase() : value;
  if (isDatatype(upper)) return upper;
  const expected =
    "BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, INT64, FP16, BF16, FP32, FP64 or BYTES";
  throw new InvalidInput(`invalid datatype: expected ${expected}, got ${describeValue(value)}`, {
    path: `${path}.datatype`,
  });
}

/** Lengths of dimensions, at most `limits.maxDepth` of them. */
export function readShape(value: unknown, path: string, limits: DecodeLimits): number[] {
  const shapePath = `${path}.shape`;
  if (!Array.isArray(value)) {
    throw new InvalidInput(`expected an array of lengths, got ${describeValue(value)}`, { path: shapePath });
  }
  if (value.length > limits.maxDepth) {
    const problem = `expected at most ${limits.maxDepth} dimensions, got ${value.length}`;
    throw new InvalidInput(problem, { path: shapePath });
  }
  for (let index = 0; index < value.length; index++) {
    const length: unknown = value[index];
    if (typeof length !== "number" || !Number.isSafeInteger(length) || length < 0) {
      const got = typeof length === "number" ? String(length) : describeValue(length);
      const problem = `expected a length (an integer of 0 or more), got ${got}`;
      throw new InvalidInput(problem, { path: `${shapePath}[${index}]` });
    }
  }
  return value as number[];
}
