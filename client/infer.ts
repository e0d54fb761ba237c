import { DATATYPE_ARRAY, isDatatype } from "../contract/datatype.ts";
import { describeValue } from "../contract/describe.ts";
import { InvalidInput } from "../contract/errors.ts";
import { type NamedTensors, type Tensor, elementCount, isTensor } from "../contract/tensor.ts";
import { BINARY_TYPE, type EncodedBody } from "../protocol/body.ts";
import { DEFAULT_LIMITS, type DecodeLimits } from "../protocol/limits.ts";
import { type DecodedV2Response, decodeV2Response, encodeV2Request } from "../protocol/v2.ts";
import { jsonLengthOf } from "./inference-header.ts";
import type { InferOptions } from "./options.ts";
import { throwIfFailed } from "./server-error.ts";
import type { ServerAnswer } from "./transport.ts";
import { unreadable } from "./unreadable.ts";

/** A V2 answer. */
export interface InferResult<Outputs = NamedTensors> {
  readonly modelName: string;
  /** Undefined where the model has none. */
  readonly modelVersion: string | undefined;
  /** The request's id, or the one that the server made. */
  readonly id: string | undefined;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The outputs by name, in the order of the answer. An object without a prototype: any name is safe to look up. */
  readonly outputs: Outputs;
}

/**
 * @param binary whether the tensors of the request are binary
 * @param binaryAnswer whether those of the answer are to be
 * @throws InvalidInput when an input is no tensor, or JSON cannot say it
 */
export function inferBody(
  inputs: NamedTensors,
  binary: boolean,
  binaryAnswer: boolean,
  options: InferOptions,
): EncodedBody {
  const { id, parameters } = options;
  // An empty list asks for all outputs, as no list does.
  const outputs = options.outputs?.length === 0 ? undefined : options.outputs;
  checkInputs(inputs);
  return encodeV2Request({
    id,
    parameters,
    tensors: inputs,
    // An output that is listed says for itself whether it is binary.
    outputs: outputs?.map((name) => ({ name, binary: binaryAnswer ? true : undefined })),
    binary,
    binaryOutput: binaryAnswer && outputs === undefined,
  });
}

/** @throws InvalidInput when an input is no tensor */
export function checkInputs(inputs: NamedTensors): void {
  for (const [name, value] of Object.entries(inputs)) checkTensor(value, `inputs.${name}`);
}

/** What `tensor()` would have refused: without types, anything may come. */
function checkTensor(value: unknown, path: string): void {
  const { datatype, shape, data } = (value ?? {}) as Partial<Tensor>;
  if (!isDatatype(datatype) || !Array.isArray(shape)) {
    throw new InvalidInput(`expected a tensor, as tensor() makes it, got ${describeValue(value)}`, { path });
  }
  if (!isTensor(value)) {
    const expected = datatype === "BYTES" ? "Array" : DATATYPE_ARRAY[datatype].name;
    const problem = `expected the elements of ${datatype} as ${expected}, got ${describeValue(data)}`;
    throw new InvalidInput(problem, { path: `${path}.data` });
  }
  if (Array.isArray(value.data)) checkBytes(value.data, `${path}.data`);
  const count = elementCount(value.shape);
  if (count !== value.data.length) {
    const problem = `expected ${count} elements for shape [${value.shape.join(", ")}], got ${value.data.length}`;
    throw new InvalidInput(problem, { path: `${path}.data` });
  }
}

function checkBytes(data: readonly unknown[], path: string): void {
  for (let index = 0; index < data.length; index++) {
    const element = data[index];
    if (ArrayBuffer.isView(element) && !(element instanceof DataView)) continue;
    throw new InvalidInput(`expected bytes, got ${describeValue(element)}`, { path: `${path}[${index}]` });
  }
}

/** What an answer's tensors may take: as much memory as the answer, and no less than a server's. */
export function answerLimits(maxAnswerBytes: number): DecodeLimits {
  return {
    ...DEFAULT_LIMITS,
    maxTensorBytes: Math.max(DEFAULT_LIMITS.maxTensorBytes, maxAnswerBytes),
  };
}

/** @throws KtsError KTS_SERVER_ANSWERED when it is no V2 answer */
export function readInferResult({ headers, bytes }: ServerAnswer, maxAnswerBytes: number): InferResult {
  const jsonLength = jsonLengthOf(headers);
  if (jsonLength === undefined && headers["content-type"]?.startsWith(BINARY_TYPE) === true) {
    // In a browser most likely: a page sees of another origin's headers only those that the server exposes.
    const problem =
      "its header Inference-Header-Content-Length is not there; a server of another origin has to expose it, or ask with binary: false";
    throw unreadable("V2 answer", problem);
  }
  return toInferResult(decodeV2Response(bytes, jsonLength, answerLimits(maxAnswerBytes)));
}

/** @throws KtsError KTS_SERVER_ANSWERED when an event's data is no V2 answer */
export function readInferEvent(data: string, maxAnswerBytes: number): InferResult {
  const bytes = new TextEncoder().encode(data);
  throwIfFailed(bytes);
  return toInferResult(decodeV2Response(bytes, undefined, answerLimits(maxAnswerBytes)));
}

/** @throws KtsError KTS_SERVER_ANSWERED when two outputs have the same name */
export function toInferResult({ tensors, ...rest }: DecodedV2Response): InferResult {
  const outputs = Object.create(null) as Record<string, Tensor>;
  for (const { name, datatype, shape, data } of tensors) {
    if (name in outputs) throw unreadable("V2 answer", `it has two outputs called ${JSON.stringify(name)}`);
    outputs[name] = { datatype, shape, data };
  }
  return { ...rest, outputs };
}
