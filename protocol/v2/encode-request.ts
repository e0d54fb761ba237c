import type { NamedTensors, Tensor } from "../../contract/tensor.ts";
import { type EncodedBody, JSON_TYPE } from "../body.ts";
import { JsonWriter } from "../json/writer.ts";
import { joinBinary, writeTensors } from "./encode-response.ts";
import type { RequestedOutput } from "./types.ts";

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
 * @throws InvalidInput when JSON cannot say a value: NaN, an infinity, BYTES that are not UTF-8
 */
export function encodeV2Request(request: OutgoingV2Request): EncodedBody {
  const { id, tensors, outputs, binary, binaryOutput } = request;
  const writer = new JsonWriter({ nonFinite: "error", code: "KTS_INVALID_INPUT", base64: false });
  writer.text("{");
  if (id !== undefined) writer.text(`"id":${JSON.stringify(id)},`);
  const parameters = binaryOutput ? { ...request.parameters, binary_data_output: true } : request.parameters;
  if (parameters !== undefined) writer.text(`"parameters":${JSON.stringify(parameters)},`);
  writer.text(`"inputs":[`);
  const chosen = Object.keys(tensors).map((name) => ({
    tensor: { name, ...(tensors[name] as Tensor) },
    binary,
  }));
  const raw = writeTensors(writer, chosen, "inputs");
  writer.text("]");
  if (outputs !== undefined) writer.text(`,"outputs":[${outputs.map(requestedOutput).join(",")}]`);
  writer.text("}");
  if (binary) return joinBinary(writer, raw);
  return { contentType: JSON_TYPE, jsonLength: undefined, ...writer.finish() };
}

function requestedOutput({ name, binary }: RequestedOutput): string {
  return JSON.stringify(binary === undefined ? { name } : { name, parameters: { binary_data: binary } });
}
