import { InvalidInput, KtsError } from "../../contract/errors.ts";
import type { NamedTensor, Prediction } from "../../contract/inference.ts";
import type { TensorSpec } from "../../contract/signature.ts";
import type { NamedTensors } from "../../contract/tensor.ts";
import { decodeUtf8, encodeTexts } from "../elements/text.ts";
import { namesText } from "./shape.ts";

/** What the protocol for generated text calls them; a predictor's own names win where it has but one text. */
const TEXT_INPUT = "text_input";
const TEXT_OUTPUT = "text_output";

/** The input that takes the text: the one called text_input, else the only one of BYTES; undefined where there is none. */
export function textInputSpec(inputs: readonly TensorSpec[]): TensorSpec | undefined {
  const texts = inputs.filter(({ datatype }) => datatype === "BYTES");
  return texts.find(({ name }) => name === TEXT_INPUT) ?? (texts.length === 1 ? texts[0] : undefined);
}

/**
 * A text as V2's tensors, of one element.
 * @param inputs the model's; empty where it takes anything
 * @throws InvalidInput when none of the inputs is for a text
 */
export function textTensors(text: string, inputs: readonly TensorSpec[]): NamedTensors {
  const spec = textInputSpec(inputs);
  if (spec === undefined && inputs.length > 0) {
    throw new InvalidInput(
      `the model takes no text: expected an input ${TEXT_INPUT}, or one of BYTES, among ${namesText(inputs)}`,
      { path: TEXT_INPUT },
    );
  }
  const tensors = Object.create(null) as NamedTensors;
  const shape = spec === undefined ? [1] : spec.shape.map(() => 1);
  tensors[spec?.name ?? TEXT_INPUT] = { datatype: "BYTES", shape, data: encodeTexts([text]) };
  return tensors;
}

/**
 * The text of a prediction: that of the output (or member) text_output, else the only one there is. Several elements are
 * pieces of one text.
 * @throws KtsError KTS_BAD_PREDICTION when it has none, or more than one and no text_output
 */
export function generatedText(prediction: Prediction): string {
  switch (prediction.kind) {
    case "tensors":
      return tensorText(prediction.tensors);
    case "text":
      return prediction.text;
    case "bytes":
      return utf8(prediction.bytes);
    case "array":
    case "object":
      return valueText(prediction.kind === "array" ? prediction.values : prediction.value);
  }
}

function tensorText(tensors: readonly NamedTensor[]): string {
  const texts = tensors.filter(({ datatype }) => datatype === "BYTES");
  const chosen =
    texts.find(({ name }) => name === TEXT_OUTPUT) ?? (texts.length === 1 ? texts[0] : undefined);
  if (chosen === undefined) throw noText();
  return (chosen.data as readonly Uint8Array[]).map(utf8).join("");
}

function valueText(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) return utf8(value);
  if (Array.isArray(value)) return value.map(valueText).join("");
  if (typeof value !== "object" || value === null) throw noText();
  const members = Object.entries(value);
  const named = members.find(([name]) => name === TEXT_OUTPUT);
  if (named !== undefined) return valueText(named[1]);
  const texts = members.filter(([, member]) => typeof member === "string");
  if (texts.length !== 1) throw noText();
  return (texts[0] as [string, string])[1];
}

function utf8(bytes: Uint8Array): string {
  const text = decodeUtf8(bytes);
  if (text === undefined) throw new KtsError("KTS_BAD_PREDICTION", "the generated text is not UTF-8");
  return text;
}

function noText(): KtsError {
  return new KtsError(
    "KTS_BAD_PREDICTION",
    `the answer has no generated text: expected an output ${TEXT_OUTPUT}, or exactly one text`,
  );
}
