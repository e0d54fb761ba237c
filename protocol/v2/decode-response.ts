import { describeValue } from "../../contract/describe.ts";
import { InvalidInput, KtsError, isKtsError } from "../../contract/errors.ts";
import type { DecodeLimits } from "../limits.ts";
import { openBody } from "./decode-request.ts";
import { readName, readObject, readOptionalString, readParameters } from "./members.ts";
import { type TensorSource, readTensor } from "./read-tensor.ts";
import type { DecodedV2Response } from "./types.ts";

/**
 * Reads a V2 answer. NaN and infinities that the server wrote as `null`, "NaN", "Infinity" or "-Infinity" are read
 * back into floating-point tensors; `null` as NaN.
 * @param jsonLength the Inference-Header-Content-Length header of the answer; undefined: it is JSON only
 * @throws KtsError KTS_SERVER_ANSWERED when it is no V2 answer
 */
export function decodeV2Response(
  body: Uint8Array,
  jsonLength: number | undefined,
  limits: DecodeLimits,
): DecodedV2Response {
  try {
    return readResponse(body, jsonLength, limits);
  } catch (error) {
    if (!isKtsError(error)) throw error;
    throw new KtsError("KTS_SERVER_ANSWERED", `The server's answer is no V2 answer: ${error.message}`, {
      cause: error,
    });
  }
}

function readResponse(
  body: Uint8Array,
  jsonLength: number | undefined,
  limits: DecodeLimits,
): DecodedV2Response {
  const source: TensorSource = { ...openBody(body, jsonLength, limits), lenient: true };
  const members = readObject(source.document.value, undefined);
  const outputs = members["outputs"];
  if (!Array.isArray(outputs)) {
    throw new InvalidInput(`expected an array of tensors, got ${describeValue(outputs)}`, {
      path: "outputs",
    });
  }
  const tensors = outputs.map((output: unknown, index) => readTensor(output, "outputs", index, source));
  source.binary?.end();
  return {
    modelName: readName(members["model_name"], "model_name"),
    modelVersion: readOptionalString(members["model_version"], "model_version"),
    id: readOptionalString(members["id"], "id"),
    parameters: readParameters(members["parameters"], "parameters"),
    tensors,
  };
}
