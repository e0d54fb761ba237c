import type { NamedTensor } from "../../contract/inference.ts";
import { BINARY_TYPE, type EncodedBody } from "../body.ts";
import { utf8Length } from "../elements/platform.ts";
import type { JsonWriter } from "../json/writer.ts";
import { encodeRaw } from "./binary-part.ts";

/** A tensor to be written, and whether as binary. */
export interface OutgoingTensor {
  readonly tensor: NamedTensor;
  readonly binary: boolean;
}

/**
 * Writes the elements of a request's `inputs` or an answer's `outputs`, of which some are binary.
 * @param jsonMembers further members of those that are not: empty, or with a comma in front
 * @returns the raw bytes of those that are, in order
 */
export function writeTensors(
  writer: JsonWriter,
  tensors: readonly OutgoingTensor[],
  side: "inputs" | "outputs",
  jsonMembers = "",
): Uint8Array[] {
  const raw: Uint8Array[] = [];
  for (let index = 0; index < tensors.length; index++) {
    const { tensor, binary } = tensors[index] as OutgoingTensor;
    const { name, shape, datatype, data } = tensor;
    const comma = index > 0 ? "," : "";
    const head = `${comma}{"name":${JSON.stringify(name)},"shape":[${shape.join(",")}],"datatype":"${datatype}"`;
    if (binary) {
      const bytes = encodeRaw(data);
      raw.push(bytes);
      writer.text(`${head},"parameters":{"binary_data_size":${bytes.byteLength}}}`);
    } else {
      writer.text(`${head}${jsonMembers},"data":[`);
      writer.elements(tensor, 0, data.length, (element) => `${side}[${index}].data[${element}]`);
      writer.text("]}");
    }
  }
  return raw;
}

/** A body of JSON and binary tensors. */
export function binaryBody(writer: JsonWriter, raw: readonly Uint8Array[]): EncodedBody {
  const { head, tail } = writer.finish();
  let jsonLength = utf8Length(head);
  for (const part of tail) jsonLength += part.byteLength;
  return { contentType: BINARY_TYPE, jsonLength, head, tail: tail.length === 0 ? raw : [...tail, ...raw] };
}
