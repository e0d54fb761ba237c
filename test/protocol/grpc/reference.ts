import { type MethodDefinition, loadSync } from "@grpc/proto-loader";

const PROTO = new URL("../../../protocol/grpc/proto/", import.meta.url).pathname;
const OPTIONS = { includeDirs: [PROTO], keepCase: true, longs: String, oneofs: true, enums: String };

/** Somebody else's codec of a method's messages, made from the .proto file. */
export interface ReferenceCodec {
  encodeRequest(value: object): Uint8Array;
  decodeRequest(bytes: Uint8Array): Record<string, unknown>;
  encodeResponse(value: object): Uint8Array;
  decodeResponse(bytes: Uint8Array): Record<string, unknown>;
}

/** The codec of a service's method. */
export function referenceCodec(file: string, service: string, method: string): ReferenceCodec {
  const methods = loadSync(file, OPTIONS)[service] as Record<string, MethodDefinition<object, object>>;
  const definition = methods[method] as MethodDefinition<object, object>;
  return {
    encodeRequest: (value) => own(definition.requestSerialize(value)),
    decodeRequest: (bytes) => definition.requestDeserialize(Buffer.from(bytes)) as Record<string, unknown>,
    encodeResponse: (value) => own(definition.responseSerialize(value)),
    decodeResponse: (bytes) => definition.responseDeserialize(Buffer.from(bytes)) as Record<string, unknown>,
  };
}

/** The codec of ModelInfer. */
export const INFER = referenceCodec("grpc_predict_v2.proto", "inference.GRPCInferenceService", "ModelInfer");

function own(bytes: Buffer): Uint8Array {
  return Uint8Array.from(bytes);
}
