import type { EncodedMessage } from "../../protocol/grpc.ts";
import type { HttpHeaders } from "../transport.ts";

/** A call of inference.GRPCInferenceService, with one request. */
export interface GrpcRequest {
  /** The method's name, such as `ModelInfer`. */
  readonly method: string;
  readonly message: EncodedMessage;
  /** Metadata, names in lower case. */
  readonly metadata: HttpHeaders;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly maxAnswerBytes: number;
}
