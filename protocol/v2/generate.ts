import { describeValue } from "../../contract/describe.ts";
import { InvalidInput } from "../../contract/errors.ts";
import { type EncodedBody, jsonBody } from "../body.ts";
import type { DecodeLimits } from "../limits.ts";
import { readValue } from "../v1/decode-request.ts";
import { readObject } from "./members.ts";

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
