import { KtsError } from "../../contract/errors.ts";
import type { NamedTensor } from "../../contract/inference.ts";
import { type EncodedMessage, type GrpcInferRequest, encodeInferResponse } from "../../protocol/grpc.ts";
import type { ServedModel } from "../served-model.ts";

/**
 * An answer of a model as a ModelInferResponse.
 * @throws KtsError KTS_BODY_TOO_LARGE above `maxBytes`, in gRPC's own words; what `encodeInferResponse` throws
 */
export function inferResponse(
  model: ServedModel,
  request: GrpcInferRequest,
  id: string,
  tensors: readonly NamedTensor[],
  maxBytes: number,
): EncodedMessage {
  const response = { modelName: model.name, modelVersion: model.version, id, tensors };
  const message = encodeInferResponse(response, request);
  if (message.byteLength <= maxBytes) return message;
  throw new KtsError(
    "KTS_BODY_TOO_LARGE",
    `SERVER: Sent message larger than max (${message.byteLength} vs. ${maxBytes})`,
    { hint: "Raise --grpc_max_send_message_length." },
  );
}
