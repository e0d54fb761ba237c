/** The V2 (Open Inference) protocol: requests and answers as bytes, for the server and for clients. */
export { decodeV2Request } from "./v2/decode-request.ts";
export { decodeV2Response } from "./v2/decode-response.ts";
export {
  decodeGenerateRequest,
  decodeGenerateResponse,
  encodeGenerateRequest,
  encodeGenerateResponse,
} from "./v2/generate.ts";
export { encodeV2Request } from "./v2/encode-request.ts";
export { encodeV2Response } from "./v2/encode-response.ts";
export type { GenerateRequest, GenerateResponse, GeneratedPiece } from "./v2/generate.ts";
export type { OutgoingV2Request } from "./v2/encode-request.ts";
export type { DecodedV2Response, RequestedOutput, V2Request, V2Response } from "./v2/types.ts";
