import { InvalidInput } from "../../contract/errors.ts";
import type { NamedTensors } from "../../contract/tensor.ts";
import type { DecodeLimits } from "../limits.ts";
import { readName } from "../v2/members.ts";
import type { RequestedOutput } from "../v2.ts";
import { ParameterMap } from "./parameters.ts";
import { type TensorHead, bothContents, rawData, readTensorHead, typedData } from "./read-tensor.ts";
import { type GrpcInferRequest, MOST_ENTRIES } from "./types.ts";
import { LENGTH, ProtoReader, tagOf } from "./wire-reader.ts";

const MODEL_NAME = tagOf(1, LENGTH);
const MODEL_VERSION = tagOf(2, LENGTH);
const ID = tagOf(3, LENGTH);
const PARAMETERS = tagOf(4, LENGTH);
const INPUTS = tagOf(5, LENGTH);
const OUTPUTS = tagOf(6, LENGTH);
const RAW_INPUT_CONTENTS = tagOf(7, LENGTH);

const NO_PARAMETERS: Record<string, never> = Object.freeze({});

/** The model a request is for. Read ahead of the rest: that a model is not there is said before what is wrong with a tensor. */
export interface AskedModel {
  readonly modelName: string;
  /** Undefined where it is empty. */
  readonly modelVersion: string | undefined;
}

/** @throws InvalidInput when the message is not protobuf, or names no model */
export function readAskedModel(message: Uint8Array): AskedModel {
  const reader = new ProtoReader(message);
  let name = "";
  let version = "";
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === MODEL_NAME) name = reader.text("model_name");
    else if (tag === MODEL_VERSION) version = reader.text("model_version");
    else reader.skip(tag);
  }
  return {
    modelName: readName(name, "model_name"),
    modelVersion: version === "" ? undefined : version,
  };
}

/** The id of a message that may otherwise be wrong, for the answer that says so; undefined where it has none. */
export function readRequestId(message: Uint8Array): string | undefined {
  try {
    const reader = new ProtoReader(message);
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === ID) return reader.text("id");
      reader.skip(tag);
    }
  } catch {
    // It is no protobuf, which the answer says.
  }
  return undefined;
}

/**
 * Reads a ModelInferRequest.
 * @param message without its prefix; raw tensors and BYTES elements share its memory
 * @throws InvalidInput with the field's path; KtsError KTS_BODY_TOO_LARGE
 */
export function decodeInferRequest(message: Uint8Array, limits: DecodeLimits): GrpcInferRequest {
  const reader = new ProtoReader(message);
  let modelName = "";
  let version = "";
  let id = "";
  const parameters = new ParameterMap();
  const heads: TensorHead[] = [];
  let outputs: RequestedOutput[] | undefined;
  let raw: Uint8Array[] | undefined;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === MODEL_NAME) modelName = reader.text("model_name");
    else if (tag === MODEL_VERSION) version = reader.text("model_version");
    else if (tag === ID) id = reader.text("id");
    else if (tag === PARAMETERS) parameters.read(reader.message(), "parameters");
    else if (tag === INPUTS) {
      requireFew(heads, "inputs");
      heads.push(readTensorHead(reader.message(), `inputs[${heads.length}]`, limits));
    } else if (tag === OUTPUTS) {
      requireFew((outputs ??= []), "outputs");
      outputs.push(readOutput(reader.message(), outputs));
    } else if (tag === RAW_INPUT_CONTENTS) {
      requireFew((raw ??= []), "raw_input_contents");
      raw.push(reader.block());
    } else reader.skip(tag);
  }
  return {
    modelName: readName(modelName, "model_name"),
    modelVersion: version === "" ? undefined : version,
    id: id === "" ? undefined : id,
    parameters: parameters.values ?? NO_PARAMETERS,
    tensors: readInputs(heads, raw, modelName, limits),
    outputs,
    binaryOutput: raw !== undefined,
  };
}

function requireFew(list: readonly unknown[], path: string): void {
  if (list.length < MOST_ENTRIES) return;
  throw new InvalidInput(`expected at most ${MOST_ENTRIES}, but there are more`, { path });
}

function readOutput(reader: ProtoReader, before: readonly RequestedOutput[]): RequestedOutput {
  const path = `outputs[${before.length}].name`;
  let given = "";
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === MODEL_NAME) given = reader.text(path);
    else reader.skip(tag);
  }
  const name = readName(given, path);
  if (before.some((output) => output.name === name)) {
    throw new InvalidInput(`the output ${JSON.stringify(name)} is asked for twice`, { path });
  }
  return { name, binary: undefined };
}

function readInputs(
  heads: readonly TensorHead[],
  raw: readonly Uint8Array[] | undefined,
  modelName: string,
  limits: DecodeLimits,
): NamedTensors {
  if (heads.length === 0) {
    throw new InvalidInput("expected at least one tensor, got none", { path: "inputs" });
  }
  if (raw !== undefined && raw.length !== heads.length) {
    // KServe's words, which its clients know.
    throw new InvalidInput(
      `the number of inputs (${heads.length}) does not match the expected number of raw input contents (${raw.length}) for model '${modelName}'.`,
    );
  }
  const tensors = Object.create(null) as NamedTensors;
  for (let index = 0; index < heads.length; index++) {
    const head = heads[index] as TensorHead;
    const { name, datatype, shape, contents } = head;
    if (name in tensors) {
      throw new InvalidInput(`the name ${JSON.stringify(name)} is given twice`, {
        path: `inputs[${index}].name`,
      });
    }
    if (raw !== undefined && contents.length > 0) throw bothContents(name, modelName);
    const data =
      raw === undefined
        ? typedData(head, `inputs[${index}]`, limits)
        : rawData(head, raw[index] as Uint8Array, "raw_input_contents", index, limits);
    tensors[name] = { datatype, shape, data };
  }
  return tensors;
}

/**
 * Where the bytes of a message's first raw tensor start, within the message; 0 where that cannot be said. A message
 * placed so that they are 8-aligned need not be copied to be read.
 * @param start as much of the message as has come
 * @param field of the raw tensors: 7 in a request, 6 in an answer
 * @param from where in `start` the message begins
 */
export function firstRawOffset(start: Uint8Array, field: 6 | 7 = 7, from = 0): number {
  const raw = tagOf(field, LENGTH);
  // By hand, since all that is wanted of a message that is cut off, or is none, is to give up.
  for (let at = from; at < start.length;) {
    const tag = start[at++] as number;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      if (at >= start.length || shift > 28) return 0;
      const byte = start[at++] as number;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    if (tag === raw) return at - from;
    if ((tag & 7) !== LENGTH || length < 0) return 0;
    at += length;
  }
  return 0;
}
