/** The V2 protocol over gRPC: ModelInfer's messages as bytes, for the server and for clients. */
export { decodeInferRequest, firstRawOffset, readAskedModel, readRequestId } from "./grpc/decode-request.ts";
export { decodeInferResponse } from "./grpc/decode-response.ts";
export { encodeInferRequest } from "./grpc/encode-request.ts";
export { encodeInferResponse } from "./grpc/encode-response.ts";
export {
  decodeStreamResponse,
  encodeStreamEnd,
  encodeStreamError,
  encodeStreamResponse,
  streamedResponseOffset,
} from "./grpc/stream-response.ts";
export { decodeMessage, encodeMessage } from "./grpc/message.ts";
export { PREFIX_BYTES, messageBytes, writePrefix } from "./grpc/wire-writer.ts";
export type { AskedModel } from "./grpc/decode-request.ts";
export type { MessageOf, MessageType } from "./grpc/message.ts";
export type { GrpcInferRequest, InferParameter, OutgoingGrpcRequest } from "./grpc/types.ts";
export type { EncodedMessage } from "./grpc/wire-writer.ts";
