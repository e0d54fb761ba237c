import { DATATYPES, type Datatype } from "../../contract/datatype.ts";
import type { TensorSpec } from "../../contract/signature.ts";

/** A JSON schema, or another part of an OpenAPI document. */
export type Schema = Readonly<Record<string, unknown>>;

/** One instance: the value itself where there is one tensor, else an object keyed by the tensors' names. */
export function instanceSchema(specs: readonly TensorSpec[]): Schema {
  const [only] = specs;
  if (only === undefined) return {};
  if (specs.length === 1) return nestedSchema(only.datatype, only.shape.slice(1));
  return {
    type: "object",
    required: specs.filter((spec) => spec.optional !== true).map((spec) => spec.name),
    properties: Object.fromEntries(
      specs.map((spec) => [spec.name, nestedSchema(spec.datatype, spec.shape.slice(1))]),
    ),
  };
}

function nestedSchema(datatype: Datatype, shape: readonly number[]): Schema {
  const [length, ...rest] = shape;
  if (length === undefined) return elementSchema(datatype);
  const bounds = length < 0 ? {} : { minItems: length, maxItems: length };
  return { type: "array", items: nestedSchema(datatype, rest), ...bounds };
}

function elementSchema(datatype: Datatype): Schema {
  if (datatype === "BOOL") return { type: "boolean" };
  if (datatype === "BYTES") return { type: "string" };
  return { type: /^U?INT/.test(datatype) ? "integer" : "number" };
}

/** One of V2's tensors, which are these where they are known. */
export function tensorsSchema(specs: readonly TensorSpec[]): Schema {
  const schemas = specs.map((spec) =>
    tensorSchema({ const: spec.name }, { const: spec.datatype }, spec.datatype),
  );
  if (schemas.length > 1) return { oneOf: schemas };
  return schemas[0] ?? tensorSchema({ type: "string", minLength: 1 }, { enum: DATATYPES }, undefined);
}

function tensorSchema(name: Schema, datatype: Schema, elements: Datatype | undefined): Schema {
  return {
    type: "object",
    required: ["name", "shape", "datatype"],
    properties: {
      name,
      datatype,
      shape: { type: "array", items: { type: "integer", minimum: 0 } },
      data: { type: "array", items: elements === undefined ? {} : elementSchema(elements) },
      parameters: { type: ["object", "null"] },
    },
  };
}
