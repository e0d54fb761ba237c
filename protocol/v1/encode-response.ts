import type { NamedTensor, Prediction, Verb } from "../../contract/inference.ts";
import { BINARY_TYPE, type EncodeOptions, type EncodedBody, jsonBody } from "../body.ts";
import { checkShape } from "../elements/size.ts";
import { writeNested, writeRow } from "../json/nested-writer.ts";
import { writePlain } from "../json/plain.ts";
import { JsonWriter, type WriterRules } from "../json/writer.ts";

/**
 * Writes a V1 answer: `{"predictions": ...}` (`explanations` for explain); an object, a text or bytes are the body.
 * @throws KtsError KTS_BAD_PREDICTION with the path of what JSON cannot say
 */
export function encodeV1Response(prediction: Prediction, verb: Verb, options: EncodeOptions): EncodedBody {
  if (prediction.kind === "text") {
    return {
      contentType: "text/plain; charset=utf-8",
      jsonLength: undefined,
      head: prediction.text,
      tail: [],
    };
  }
  if (prediction.kind === "bytes") {
    return { contentType: BINARY_TYPE, jsonLength: undefined, head: "", tail: [prediction.bytes] };
  }
  const rules: WriterRules = { nonFinite: options.nonFinite, code: "KTS_BAD_PREDICTION", base64: true };
  const writer = new JsonWriter(rules);
  if (prediction.kind === "object") {
    writePlain(writer, prediction.value, rules, "");
  } else {
    const key = verb === "explain" ? "explanations" : "predictions";
    writer.text(`{"${key}":`);
    if (prediction.kind === "array") writePlain(writer, prediction.values, rules, key);
    else writeTensors(writer, prediction.tensors, key);
    writer.text("}");
  }
  return jsonBody(writer.finish());
}

/** One output: its values. Several: an object an instance, keyed by output. */
function writeTensors(writer: JsonWriter, tensors: readonly NamedTensor[], key: string): void {
  for (const tensor of tensors) checkShape(tensor, "output", "KTS_BAD_PREDICTION");
  const [first] = tensors;
  if (first === undefined) return writer.text("[]");
  if (tensors.length === 1) return writeNested(writer, first, key);
  const rows = first.shape[0];
  if (rows === undefined || tensors.some(({ shape }) => shape[0] !== rows)) {
    return writeColumns(writer, tensors, key);
  }
  writer.text("[");
  for (let row = 0; row < rows; row++) {
    for (let index = 0; index < tensors.length; index++) {
      const tensor = tensors[index] as NamedTensor;
      const opening = index > 0 ? "," : row > 0 ? ",{" : "{";
      writer.text(`${opening}${JSON.stringify(tensor.name)}:`);
      writeRow(writer, tensor, row, `${key}[${row}].${tensor.name}`);
    }
    writer.text("}");
  }
  writer.text("]");
}

/** Outputs that do not share their first dimension cannot be told by instance: one object with all of each. */
function writeColumns(writer: JsonWriter, tensors: readonly NamedTensor[], key: string): void {
  for (let index = 0; index < tensors.length; index++) {
    const tensor = tensors[index] as NamedTensor;
    writer.text(`${index > 0 ? "," : "{"}${JSON.stringify(tensor.name)}:`);
    writeNested(writer, tensor, `${key}.${tensor.name}`);
  }
  writer.text("}");
}
