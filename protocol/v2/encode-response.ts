import { InvalidInput, KtsError } from "../../contract/errors.ts";
import type { NamedTensor } from "../../contract/inference.ts";
import { BINARY_TYPE, type EncodeOptions, type EncodedBody, JSON_TYPE } from "../body.ts";
import { JsonWriter } from "../json/writer.ts";
import { encodeRaw } from "./binary-part.ts";
import type { V2Request, V2Response } from "./types.ts";

/**
 * Writes a V2 answer: the outputs the request asked for, in its order, each as JSON or as binary tensor.
 * Members are in the order of the KServe Python server.
 * @throws InvalidInput when the request asks for an output that is not there; KtsError KTS_BAD_PREDICTION when JSON
 * cannot say a value
 */
export function encodeV2Response(
  response: V2Response,
  request: Pick<V2Request, "outputs" | "binaryOutput">,
  options: EncodeOptions,
): EncodedBody {
  const chosen = chooseOutputs(response, request);
  const writer = new JsonWriter({ nonFinite: options.nonFinite, code: "KTS_BAD_PREDICTION", base64: false });
  const { modelName, modelVersion, id } = response;
  const version = modelVersion === undefined ? "null" : JSON.stringify(modelVersion);
  const name = JSON.stringify(modelName);
  if (!chosen.some(({ binary }) => binary)) {
    writer.text(
      `{"model_name":${name},"model_version":${version},"id":${JSON.stringify(id)},"parameters":null,"outputs":[`,
    );
    for (let index = 0; index < chosen.length; index++) {
      const { tensor } = chosen[index] as ChosenOutput;
      writer.text(`${index > 0 ? "," : ""}${tensorHead(tensor)},"parameters":null,"data":[`);
      writer.elements(tensor, 0, tensor.data.length, `outputs[${index}].data`);
      writer.text("]}");
    }
    writer.text("]}");
    return { contentType: JSON_TYPE, jsonLength: undefined, ...writer.finish() };
  }
  writer.text(`{"id":${JSON.stringify(id)},"model_name":${name},"model_version":${version},"outputs":[`);
  const raw = writeTensors(writer, chosen, "outputs");
  writer.text("]}");
  return joinBinary(writer, raw);
}

/** A tensor, and whether it is to be binary. */
export interface ChosenOutput {
  readonly tensor: NamedTensor;
  readonly binary: boolean;
}

/**
 * The outputs that a request asks for, in its order.
 * @throws InvalidInput when one is not there; KtsError KTS_BAD_PREDICTION when one's elements do not make its shape
 */
export function chooseOutputs(
  { modelName, tensors }: V2Response,
  { outputs, binaryOutput }: Pick<V2Request, "outputs" | "binaryOutput">,
): ChosenOutput[] {
  for (const tensor of tensors) checkConsistent(tensor);
  if (outputs === undefined) return tensors.map((tensor) => ({ tensor, binary: binaryOutput }));
  return outputs.map(({ name, binary }) => {
    const tensor = tensors.find((candidate) => candidate.name === name);
    if (tensor !== undefined) return { tensor, binary: binary ?? false };
    throw new InvalidInput(`Unexpected inference output '${name}' for model '${modelName}'`);
  });
}

function checkConsistent({ name, shape, data }: NamedTensor): void {
  let count = 1;
  for (const length of shape) count *= length;
  if (count === data.length) return;
  throw new KtsError(
    "KTS_BAD_PREDICTION",
    `output ${name} has ${data.length} elements, which do not make the shape [${shape.join(", ")}]`,
  );
}

/** A tensor's first members: `{"name":...,"shape":[...],"datatype":"..."`. */
function tensorHead({ name, shape, datatype }: NamedTensor): string {
  return `{"name":${JSON.stringify(name)},"shape":[${shape.join(",")}],"datatype":"${datatype}"`;
}

/**
 * Writes the members of a list of tensors, of which some are binary.
 * @returns the raw bytes of those, in order
 */
export function writeTensors(
  writer: JsonWriter,
  chosen: readonly ChosenOutput[],
  side: "inputs" | "outputs",
): Uint8Array[] {
  const raw: Uint8Array[] = [];
  for (let index = 0; index < chosen.length; index++) {
    const { tensor, binary } = chosen[index] as ChosenOutput;
    writer.text(`${index > 0 ? "," : ""}${tensorHead(tensor)}`);
    if (binary) {
      const bytes = encodeRaw(tensor.data);
      raw.push(bytes);
      writer.text(`,"parameters":{"binary_data_size":${bytes.byteLength}}}`);
    } else {
      writer.text(`,"data":[`);
      writer.elements(tensor, 0, tensor.data.length, `${side}[${index}].data`);
      writer.text("]}");
    }
  }
  return raw;
}

/** A body of JSON and binary tensors. */
export function joinBinary(writer: JsonWriter, raw: readonly Uint8Array[]): EncodedBody {
  const { head, tail } = writer.finish();
  let jsonLength = Buffer.byteLength(head);
  for (const part of tail) jsonLength += part.byteLength;
  return { contentType: BINARY_TYPE, jsonLength, head, tail: tail.length === 0 ? raw : [...tail, ...raw] };
}
