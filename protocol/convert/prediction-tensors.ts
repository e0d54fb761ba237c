import type { Datatype } from "../../contract/datatype.ts";
import type { NamedTensor, Prediction } from "../../contract/inference.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import { NestedReader, finishStore, isList, shapeOf } from "../elements/nested.ts";
import { countElements } from "../elements/size.ts";
import { createStore } from "../elements/store.ts";
import { encodeTexts } from "../elements/text.ts";
import { writePlain } from "../json/plain.ts";
import { JsonWriter, type WriterRules } from "../json/writer.ts";
import { UNNAMED_OUTPUT } from "./to-prediction.ts";

const RULES: WriterRules = { nonFinite: "null", code: "KTS_BAD_PREDICTION", base64: true };

/** Deeper than any tensor. */
const MOST_RANK = 64;

/**
 * A prediction as V2 carries it. What no datatype fits (objects, texts, ragged lists) becomes BYTES.
 * @param outputs where an output is declared, its name is the answer's
 */
export function predictionTensors(
  prediction: Prediction,
  outputs: readonly TensorSpec[],
): readonly NamedTensor[] {
  const name = outputs[0]?.name ?? UNNAMED_OUTPUT;
  switch (prediction.kind) {
    case "tensors":
      return prediction.tensors;
    case "array":
      return [arrayTensor(name, prediction.values)];
    case "object":
      return [bytesTensor(name, [jsonText(prediction.value, name)])];
    case "text":
      return [bytesTensor(name, [prediction.text])];
    case "bytes":
      return [bytesTensor(name, [prediction.bytes])];
  }
}

function arrayTensor(name: string, values: readonly unknown[]): NamedTensor {
  const shape = shapeOf(values, undefined, MOST_RANK);
  const datatype = isRegular(values, shape, 0) ? datatypeOf(values, shape.length) : undefined;
  if (datatype === undefined) {
    return bytesTensor(
      name,
      values.map((value, index) => textOf(value, `${name}[${index}]`)),
    );
  }
  const store = createStore(datatype, countElements(shape));
  const fail = (path: string, message: string) => new TypeError(`${path}: ${message}`);
  new NestedReader(datatype, store, shape, fail).read(values, name);
  return { name, datatype, shape, data: finishStore(datatype, store) };
}

function isRegular(value: unknown, shape: readonly number[], level: number): boolean {
  if (!isList(value, undefined)) return level === shape.length;
  if (level === shape.length || value.length !== shape[level]) return false;
  for (let index = 0; index < value.length; index++) {
    if (!isRegular(value[index], shape, level + 1)) return false;
  }
  return true;
}

const INT64_LIMIT = 2n ** 63n;

/** What numpy would make of plain values: integers INT64, other numbers FP64; undefined where they are mixed. */
function datatypeOf(values: readonly unknown[], rank: number): Datatype | undefined {
  const found = { flag: false, text: false, integer: false, fraction: false, large: false, negative: false };
  let isPlain = true;
  const visit = (value: unknown, level: number): void => {
    if (level > 0) {
      for (const part of Array.from(value as ArrayLike<unknown>)) visit(part, level - 1);
    } else if (typeof value === "boolean") found.flag = true;
    else if (typeof value === "string") found.text = true;
    else if (typeof value === "bigint" || Number.isSafeInteger(value)) {
      found.integer = true;
      if ((value as number | bigint) < 0) found.negative = true;
      if (typeof value === "bigint" && value >= INT64_LIMIT) found.large = true;
      if (typeof value === "bigint" && (value >= 2n * INT64_LIMIT || value < -INT64_LIMIT)) isPlain = false;
    } else if (typeof value === "number") found.fraction = true;
    else isPlain = false;
  };
  visit(values, rank);
  const { flag, text, integer, fraction, large, negative } = found;
  const kinds = Number(flag) + Number(text) + Number(integer || fraction);
  if (!isPlain || kinds > 1) return undefined;
  if (flag) return "BOOL";
  if (text) return "BYTES";
  if (!large) return fraction ? "FP64" : "INT64";
  return fraction || negative ? undefined : "UINT64";
}

function textOf(value: unknown, path: string): string | Uint8Array {
  if (typeof value === "string" || value instanceof Uint8Array) return value;
  return jsonText(value, path);
}

function jsonText(value: unknown, path: string): string {
  const writer = new JsonWriter(RULES);
  writePlain(writer, value, RULES, path);
  const { head, tail } = writer.finish();
  return tail.length === 0 ? head : head + Buffer.concat(tail).toString();
}

function bytesTensor(name: string, elements: readonly (string | Uint8Array)[]): NamedTensor {
  return { name, datatype: "BYTES", shape: [elements.length], data: encodeTexts(elements) };
}
