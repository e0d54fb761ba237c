import { DATATYPE_ARRAY, type Datatype } from "../../contract/datatype.ts";
import type { TensorSpec } from "../../contract/signature.ts";

/** What a tensor is, for the comment above it: `FP32 [any, 4], as a Float32Array, row by row.` */
export function tensorComment({ datatype, shape, optional }: TensorSpec): string {
  const lengths = shape.map((length) => (length < 0 ? "any" : String(length))).join(", ");
  const may = optional === true ? " It may be left out." : "";
  return `${datatype} [${lengths}], ${elementsText(datatype)}.${may}`;
}

function elementsText(datatype: Datatype): string {
  if (datatype === "BYTES") return "as one Uint8Array an element: strings() of kserve-ts gives texts";
  const array = DATATYPE_ARRAY[datatype].name;
  if (datatype === "BOOL") return `as a ${array} of 0 and 1`;
  if (datatype === "FP16" || datatype === "BF16") {
    return `as a ${array} of its bits: toFloat32() of kserve-ts gives numbers`;
  }
  return `as ${/^[AEIOU]/.test(array) ? "an" : "a"} ${array}`;
}

/** A spec as a literal of TypeScript. */
export function specText({ name, datatype, shape, optional }: TensorSpec): string {
  const more = optional === true ? ", optional: true" : "";
  return `{ name: ${JSON.stringify(name)}, datatype: "${datatype}", shape: [${shape.join(", ")}]${more} }`;
}

/** The type of one instance of V1, or of its prediction, by the specs that it is of. */
export function instanceType(
  specs: readonly TensorSpec[],
  scalar: (datatype: Datatype) => string,
  memberName: (name: string) => string,
): string {
  const [only] = specs;
  if (only === undefined) return "unknown";
  if (specs.length === 1) return rowType(only, scalar);
  const members = specs.map((spec) => {
    return `readonly ${memberName(spec.name)}${spec.optional === true ? "?" : ""}: ${rowType(spec, scalar)}`;
  });
  return `{\n${members.map((member) => `  ${member};\n`).join("")}}`;
}

/** A row of the first dimension. */
function rowType({ datatype, shape }: TensorSpec, scalar: (datatype: Datatype) => string): string {
  return shape
    .slice(1)
    .reduce((inner) => `readonly ${inner.includes(" ") ? `(${inner})` : inner}[]`, scalar(datatype));
}

/** What V1 takes for a scalar. */
export function takenScalar(datatype: Datatype): string {
  if (datatype === "BOOL") return "boolean";
  if (datatype === "BYTES") return "string | Uint8Array";
  return is64(datatype) ? "number | bigint" : "number";
}

/** What V1 gives for a scalar. */
export function givenScalar(datatype: Datatype): string {
  if (datatype === "BOOL") return "boolean";
  if (datatype === "BYTES") return "string | { readonly b64: string }";
  if (/^U?INT/.test(datatype)) return is64(datatype) ? "number | bigint" : "number";
  // What JSON has no word for is null, unless the server is told otherwise.
  return "number | null";
}

function is64(datatype: Datatype): boolean {
  return datatype === "INT64" || datatype === "UINT64";
}
