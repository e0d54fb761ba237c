import { DATATYPES, type Datatype, isDatatype } from "../../contract/datatype.ts";
import { describeValue } from "../../contract/describe.ts";
import { KtsError } from "../../contract/errors.ts";
import type { TensorSpec } from "../../contract/signature.ts";

/** Other systems' names of the datatypes: numpy's, onnxruntime's, TypeScript's. */
const FOREIGN: Readonly<Record<string, Datatype>> = {
  float: "FP32",
  float16: "FP16",
  float32: "FP32",
  float64: "FP64",
  bfloat16: "BF16",
  double: "FP64",
  number: "FP64",
  boolean: "BOOL",
  int: "INT32",
  long: "INT64",
  bigint: "INT64",
  string: "BYTES",
  str: "BYTES",
  object: "BYTES",
};

/**
 * Checks a predictor's `inputs` or `outputs`.
 * @param path what the list is called in messages
 * @throws KtsError KTS_PREDICTOR_INVALID with the path of what is wrong
 */
export function checkSpecs(value: unknown, path: string): readonly TensorSpec[] {
  if (!Array.isArray(value)) throw invalid(path, "a list of { name, datatype, shape }", value);
  const names = new Set<string>();
  return value.map((spec: unknown, index) => {
    const checked = checkSpec(spec, `${path}[${index}]`);
    const { name } = checked;
    if (names.has(name)) {
      throw new KtsError("KTS_PREDICTOR_INVALID", `${path}[${index}].name: ${name} is there twice`);
    }
    names.add(name);
    return checked;
  });
}

function checkSpec(value: unknown, path: string): TensorSpec {
  if (typeof value !== "object" || value === null) throw invalid(path, "{ name, datatype, shape }", value);
  const { name, datatype, shape, optional } = value as Partial<Record<keyof TensorSpec, unknown>>;
  if (typeof name !== "string" || name === "") throw invalid(`${path}.name`, "a name", name);
  if (!isDatatype(datatype)) throw unknownDatatype(`${path}.datatype`, datatype);
  if (!Array.isArray(shape) || !shape.every((length) => Number.isSafeInteger(length) && length >= -1)) {
    throw invalid(`${path}.shape`, "a list of lengths, -1 for an open one", shape);
  }
  if (optional !== undefined && typeof optional !== "boolean") {
    throw invalid(`${path}.optional`, "true or false", optional);
  }
  // A copy of what is known: whatever else the object has may not cross to another thread.
  return { name, datatype, shape: shape as number[], ...(optional !== undefined && { optional }) };
}

function unknownDatatype(path: string, value: unknown): KtsError {
  const word = typeof value === "string" ? value : "";
  const upper = word.toUpperCase();
  const meant = isDatatype(upper) ? upper : FOREIGN[word.toLowerCase()];
  const advice = meant === undefined ? "" : `; did you mean ${meant}?`;
  return invalid(path, `one of ${DATATYPES.join(", ")}`, value, advice);
}

function invalid(path: string, expected: string, came: unknown, advice = ""): KtsError {
  return new KtsError("KTS_PREDICTOR_INVALID", `expected ${expected}, got ${describeValue(came)}${advice}`, {
    path,
    hint: "Correct the predictor's export.",
  });
}
