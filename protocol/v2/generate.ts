import { describeValue } from "../../contract/describe.ts";
import { InvalidInput } from "../../contract/errors.ts";
import { type EncodedBody, jsonBody } from "../body.ts";
import { parseJson } from "../json/parse.ts";
import { writePlain } from "../json/plain.ts";
import { JsonWriter, type WriterRules } from "../json/writer.ts";
import type { DecodeLimits } from "../limits.ts";
import { readValue } from "../v1/decode-request.ts";
import { readObject } from "./members.ts";

const RULES: WriterRules = { nonFinite: "error", code: "KTS_INVALID_INPUT", base64: true };

/** A request for generated text. */
export interface GenerateRequest {
  readonly textInput: string;
  /** Of any JSON, unlike V2's: `stop` is a list. */
  readonly parameters: Record<string, unknown>;
}

/** Generated text, or the next piece of it. */
export interface GenerateResponse {
  readonly modelName: string;
  readonly modelVersion: string | undefined;
  readonly text: string;
  /** Whether it is the last event of a stream; undefined: it is the whole answer. */
  readonly done: boolean | undefined;
}

/**
 * Reads a body of `/generate` or `/generate_stream`: `{"text_input": "...", "parameters": {...}}`. Members beside these
 * are parameters too, as Triton's clients send them.
 * Specification: Open Inference Protocol, generate_rest.yaml.
 * @throws InvalidInput with the member's path; KtsError KTS_BODY_TOO_LARGE
 */
export function decodeGenerateRequest(body: Uint8Array, limits: DecodeLimits): GenerateRequest {
  const {
    text_input: textInput,
    parameters,
    id: _id,
    ...others
  } = readObject(readValue(body, limits), undefined);
  if (typeof textInput !== "string") {
    throw new InvalidInput(`expected a string, got ${describeValue(textInput)}`, { path: "text_input" });
  }
  if (parameters === undefined || parameters === null) return { textInput, parameters: others };
  return { textInput, parameters: { ...others, ...readObject(parameters, "parameters") } };
}

/**
 * Writes a body of `/generate` or `/generate_stream`.
 * @throws KtsError KTS_INVALID_INPUT when JSON cannot say a parameter
 */
export function encodeGenerateRequest(
  textInput: string,
  parameters: Readonly<Record<string, unknown>> | undefined,
): EncodedBody {
  const writer = new JsonWriter(RULES);
  writer.text(`{"text_input":${JSON.stringify(textInput)}`);
  if (parameters !== undefined) {
    writer.text(`,"parameters":`);
    writePlain(writer, parameters, RULES, "parameters");
  }
  writer.text("}");
  return jsonBody(writer.finish());
}

/** What an answer of `/generate` says, or an event of `/generate_stream`. */
export interface GeneratedPiece {
  readonly text: string;
  /** The stream says that it has no more. */
  readonly done: boolean;
}

/**
 * Reads an answer of `/generate`, or an event of `/generate_stream`.
 * @throws InvalidInput with the member's path
 */
export function decodeGenerateResponse(body: Uint8Array): GeneratedPiece {
  const { text_output: text, done } = readObject(parseJson(body), undefined);
  if (typeof text === "string") return { text, done: done === true };
  throw new InvalidInput(`expected a string, got ${describeValue(text)}`, { path: "text_output" });
}

/** Writes an answer of `/generate`, or an event of `/generate_stream`. */
export function encodeGenerateResponse({
  modelName,
  modelVersion,
  text,
  done,
}: GenerateResponse): EncodedBody {
  const answer = { text_output: text, model_name: modelName, model_version: modelVersion, done };
  return jsonBody({ head: JSON.stringify(answer), tail: [] });
}
