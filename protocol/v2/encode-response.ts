import { shorten } from "../../contract/describe.ts";
import { InvalidInput } from "../../contract/errors.ts";
import { type EncodeOptions, type EncodedBody, jsonBody } from "../body.ts";
import { checkShape } from "../elements/size.ts";
import { JsonWriter } from "../json/writer.ts";
import type { V2Request, V2Response } from "./types.ts";
import { type OutgoingTensor, binaryBody, writeTensors } from "./write-tensors.ts";

/**
 * Writes a V2 answer: the outputs the request asked for, in its order, each as JSON or as binary tensor.
 * Members are in the order of the KServe Python server.
 * @throws InvalidInput when the request asks for an output that is not there, or for BYTES as JSON that are no text;
 * KtsError KTS_BAD_PREDICTION when JSON cannot say a value, or elements do not fill their shape
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
  const model = `"model_name":${JSON.stringify(modelName)},"model_version":${version}`;
  if (!chosen.some(({ binary }) => binary)) {
    writer.text(`{${model},"id":${JSON.stringify(id)},"parameters":null,"outputs":[`);
    writeTensors(writer, chosen, "outputs", `,"parameters":null`);
    writer.text("]}");
    return jsonBody(writer.finish());
  }
  writer.text(`{"id":${JSON.stringify(id)},${model},"outputs":[`);
  const raw = writeTensors(writer, chosen, "outputs");
  writer.text("]}");
  return binaryBody(writer, raw);
}

/**
 * The outputs that a request asks for, in its order.
 * @throws InvalidInput when one is not there; KtsError KTS_BAD_PREDICTION when one's elements do not make its shape
 */
export function chooseOutputs(
  { modelName, tensors }: V2Response,
  { outputs, binaryOutput }: Pick<V2Request, "outputs" | "binaryOutput">,
): OutgoingTensor[] {
  for (const tensor of tensors) checkShape(tensor, "output", "KTS_BAD_PREDICTION");
  if (outputs === undefined) return tensors.map((tensor) => ({ tensor, binary: binaryOutput }));
  return outputs.map(({ name, binary }) => {
    const tensor = tensors.find((candidate) => candidate.name === name);
    if (tensor !== undefined) return { tensor, binary: binary ?? false };
    throw new InvalidInput(`Unexpected inference output '${shorten(name, 100)}' for model '${modelName}'`);
  });
}
