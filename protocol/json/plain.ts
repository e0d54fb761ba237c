import { KtsError } from "../../contract/errors.ts";
import { type Tensor, isTensor } from "../../contract/tensor.ts";
import { typedArrayTensor } from "../elements/typed-array.ts";
import { shapeProblem } from "../elements/size.ts";
import { toBase64 } from "../elements/text.ts";
import { writeNested } from "./nested-writer.ts";
import { isSaid } from "./print-number.ts";
import type { JsonWriter, WriterRules } from "./writer.ts";

/** Deeper than any answer; what nests further holds itself. */
const MOST_LEVELS = 1000;

/**
 * Writes a plain value as JSON. Unlike JSON.stringify it says BigInts (exactly), -0, typed arrays and tensors (as
 * arrays), bytes (as `{"b64": ...}`), and NaN and infinities by the rules.
 * @param path of the value, for errors
 * @throws KtsError with the rules' code and the path of what JSON cannot say
 */
export function writePlain(writer: JsonWriter, value: unknown, rules: WriterRules, path: string): void {
  if (isStringifiable(value, 100)) writer.text(JSON.stringify(value) ?? "null");
  else new PlainWriter(writer, rules).write(value, path, 0);
}

/** Whether JSON.stringify says all of a value. */
function isStringifiable(value: unknown, levels: number): boolean {
  switch (typeof value) {
    case "number":
      return isSaid(value);
    case "bigint":
      return false;
    case "object":
      break;
    default:
      return true;
  }
  if (value === null) return true;
  if (levels === 0) return false;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const element: unknown = value[index];
      if (typeof element === "number" ? !isSaid(element) : !isStringifiable(element, levels - 1)) {
        return false;
      }
    }
    return true;
  }
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return false;
  if (hasToJson(value) || isTensor(value)) return false;
  for (const key in value) {
    if (!isStringifiable((value as Record<string, unknown>)[key], levels - 1)) return false;
  }
  return true;
}

function hasToJson(value: object): value is { toJSON(key: string): unknown } {
  return typeof (value as { toJSON?: unknown }).toJSON === "function";
}

class PlainWriter {
  readonly #writer: JsonWriter;
  readonly #rules: WriterRules;

  constructor(writer: JsonWriter, rules: WriterRules) {
    this.#writer = writer;
    this.#rules = rules;
  }

  write(value: unknown, path: string, level: number): void {
    const writer = this.#writer;
    if (level > MOST_LEVELS) {
      const problem = `nests deeper than ${MOST_LEVELS} levels, or holds itself`;
      throw new KtsError(this.#rules.code, problem, { path: path.slice(0, 100) });
    }
    if (typeof value === "number") writer.text(this.#number(value, path));
    else if (typeof value === "bigint") writer.text(String(value));
    else if (typeof value !== "object" || value === null) writer.text(JSON.stringify(value) ?? "null");
    else if (Array.isArray(value)) this.#array(value, path, level);
    else if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) this.#view(value, path);
    else if (isTensor(value)) this.#tensor(value, path);
    else if (hasToJson(value)) this.write(value.toJSON(""), path, level + 1);
    else this.#object(value, path, level);
  }

  #number(value: number, path: string): string {
    if (isSaid(value)) return String(value);
    return value === 0 ? "-0.0" : this.#writer.nonFinite(value, path);
  }

  #array(values: readonly unknown[], path: string, level: number): void {
    this.#writer.text("[");
    for (let index = 0; index < values.length; index++) {
      if (index > 0) this.#writer.text(",");
      this.write(values[index], `${path}[${index}]`, level + 1);
    }
    this.#writer.text("]");
  }

  #object(value: object, path: string, level: number): void {
    let separator = "{";
    for (const [key, member] of Object.entries(value)) {
      if (member === undefined || typeof member === "function" || typeof member === "symbol") continue;
      this.#writer.text(`${separator}${JSON.stringify(key)}:`);
      this.write(member, path === "" ? key : `${path}.${key}`, level + 1);
      separator = ",";
    }
    this.#writer.text(separator === "{" ? "{}" : "}");
  }

  #tensor(tensor: Tensor, path: string): void {
    const problem = shapeProblem(tensor);
    if (problem !== undefined) throw new KtsError(this.#rules.code, problem, { path });
    writeNested(this.#writer, tensor, path);
  }

  #view(value: ArrayBufferView | ArrayBuffer, path: string): void {
    const tensor: Tensor | undefined = value instanceof Uint8Array ? undefined : typedArrayTensor(value);
    if (tensor !== undefined) return writeNested(this.#writer, tensor, path);
    const bytes =
      value instanceof ArrayBuffer
        ? new Uint8Array(value)
        : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    this.#writer.text(`{"b64":"${toBase64(bytes)}"}`);
  }
}
