import { describeValue, shorten } from "../../contract/describe.ts";
import { InvalidInput } from "../../contract/errors.ts";
import type { NamedTensors } from "../../contract/tensor.ts";
import { checkValues } from "../json/exact.ts";
import { parseWithNumbers } from "../json/number-arrays.ts";
import { decodeText, parseText } from "../json/parse.ts";
import type { DecodeLimits } from "../limits.ts";
import { BinaryPart } from "./binary-part.ts";
import { JsonDocument } from "./json-data.ts";
import {
  type Members,
  readFlag,
  readName,
  readObject,
  readOptionalString,
  readParameters,
} from "./members.ts";
import { type TensorSource, readTensor } from "./read-tensor.ts";
import type { RequestedOutput, V2Request } from "./types.ts";

/**
 * Reads a V2 inference request.
 * @param body the whole body; binary tensors share its memory
 * @param jsonLength the Inference-Header-Content-Length header; undefined: the body is JSON only
 * @throws InvalidInput with the member's path; KtsError KTS_BODY_TOO_LARGE
 */
export function decodeV2Request(
  body: Uint8Array,
  jsonLength: number | undefined,
  limits: DecodeLimits,
): V2Request {
  const source = openBody(body, jsonLength, limits);
  const members = readObject(source.document.value, undefined);
  const id = readOptionalString(members["id"], "id");
  const parameters = readParameters(members["parameters"], "parameters");
  const binaryOutput = readFlag(parameters["binary_data_output"], "parameters.binary_data_output") ?? false;
  const outputs = readOutputs(members["outputs"]);
  const tensors = readInputs(members, source);
  source.binary?.end();
  return { id, parameters, tensors, outputs, binaryOutput };
}

/**
 * Splits a body into its JSON and its binary tensors.
 * @throws InvalidInput when the JSON is none, or the header says more than came
 */
export function openBody(
  body: Uint8Array,
  jsonLength: number | undefined,
  limits: DecodeLimits,
): TensorSource {
  if (jsonLength === undefined) {
    return { document: openJson(body, limits), binary: undefined, limits };
  }
  if (!Number.isSafeInteger(jsonLength) || jsonLength < 0 || jsonLength > body.length) {
    throw new InvalidInput(
      `the header Inference-Header-Content-Length says ${jsonLength}, but the body has ${body.length} bytes`,
    );
  }
  const json = body.subarray(0, jsonLength);
  return { document: openJson(json, limits), binary: new BinaryPart(body.subarray(jsonLength)), limits };
}

function openJson(json: Uint8Array, limits: DecodeLimits): JsonDocument {
  return new JsonDocument(parseWithNumbers(json, limits), () => {
    const text = decodeText(json);
    // Members that nobody reads may nest deeper than an exact parse, which recurses, can follow.
    checkValues(parseText(text), limits);
    return text;
  });
}

function readInputs(members: Members, source: TensorSource): NamedTensors {
  const inputs = members["inputs"];
  if (!Array.isArray(inputs) || inputs.length === 0) {
    const got = Array.isArray(inputs) ? "an empty array" : describeValue(inputs);
    throw new InvalidInput(`expected an array of tensors, got ${got}`, { path: "inputs" });
  }
  const tensors = Object.create(null) as NamedTensors;
  for (let index = 0; index < inputs.length; index++) {
    const { name, datatype, shape, data } = readTensor(inputs[index], "inputs", index, source);
    if (name in tensors) {
      throw new InvalidInput(`the name ${JSON.stringify(shorten(name, 100))} is given twice`, {
        path: `inputs[${index}].name`,
      });
    }
    tensors[name] = { datatype, shape, data };
  }
  return tensors;
}

/** An empty list asks for all outputs, as no list does. */
function readOutputs(value: unknown): readonly RequestedOutput[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) {
    throw new InvalidInput(`expected an array, got ${describeValue(value)}`, { path: "outputs" });
  }
  if (value.length === 0) return undefined;
  const names = new Set<string>();
  return value.map((output: unknown, index) => {
    const path = `outputs[${index}]`;
    const members = readObject(output, path);
    const name = readName(members["name"], `${path}.name`);
    if (names.has(name)) {
      throw new InvalidInput(`the output ${JSON.stringify(shorten(name, 100))} is asked for twice`, {
        path: `${path}.name`,
      });
    }
    names.add(name);
    const parameters = readParameters(members["parameters"], `${path}.parameters`);
    return { name, binary: readFlag(parameters["binary_data"], `${path}.parameters.binary_data`) };
  });
}
