import type { NamedTensors } from "../../contract/tensor.ts";
import { type EncodedBody, jsonBody } from "../body.ts";
import { checkShape } from "../elements/size.ts";
import { writePlain } from "../json/plain.ts";
import { JsonWriter, type WriterRules } from "../json/writer.ts";
import type { RequestedOutput } from "./types.ts";
import { type OutgoingTensor, binaryBody, writeTensors } from "./write-tensors.ts";

const RULES: WriterRules = { nonFinite: "error", code: "KTS_INVALID_INPUT", base64: false };

/** A V2 request as a client sends it. */
export interface OutgoingV2Request {
  readonly id?: string | undefined;
  readonly parameters?: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly tensors: NamedTensors;
  /** The outputs to ask for; left out: all. */
  readonly outputs?: readonly RequestedOutput[] | undefined;
  /** Send the tensors in binary form: smaller and far cheaper than JSON, and it can say NaN. */
  readonly binary: boolean;
  /** Ask for every output in binary form. */
  readonly binaryOutput?: boolean | undefined;
}

/**
 * Writes a V2 inference request.
 * @throws KtsError KTS_INVALID_INPUT when JSON cannot say a value (NaN, an infinity, BYTES that are not UTF-8), or
 * elements do not fill their shape
 */
export function encodeV2Request(request: OutgoingV2Request): EncodedBody {
  const { id, tensors, outputs, binary, binaryOutput } = request;
  const writer = new JsonWriter(RULES);
  writer.text("{");
  if (id !== undefined) writer.text(`"id":${JSON.stringify(id)},`);
  const parameters = binaryOutput ? { ...request.parameters, binary_data_output: true } : request.parameters;
  if (parameters !== undefined) {
    writer.text(`"parameters":`);
    writePlain(writer, parameters, RULES, "parameters");
    writer.text(",");
  }
  writer.text(`"inputs":[`);
  const raw = writeTensors(writer, outgoingTensors(tensors, binary), "inputs");
  writer.text("]");
  if (outputs !== undefined) writer.text(`,"outputs":[${outputs.map(requestedOutput).join(",")}]`);
  writer.text("}");
  return binary ? binaryBody(writer, raw) : jsonBody(writer.finish());
}

/** A tensor's key is its name, whatever it says itself: it may come from an answer. */
function outgoingTensors(tensors: NamedTensors, binary: boolean): OutgoingTensor[] {
  return Object.entries(tensors).map(([name, tensor]) => {
    const named = { ...tensor, name };
    checkShape(named, "input", "KTS_INVALID_INPUT");
    return { tensor: named, binary };
  });
}

function requestedOutput({ name, binary }: RequestedOutput): string {
  return JSON.stringify(binary === undefined ? { name } : { name, parameters: { binary_data: binary } });
}
