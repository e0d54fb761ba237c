/** The V1 protocol: requests and answers as bytes, for the server and for clients. */
export { decodeV1Request } from "./v1/decode-request.ts";
export { decodeV1Response } from "./v1/decode-response.ts";
export { encodeV1Request } from "./v1/encode-request.ts";
export { encodeV1Response } from "./v1/encode-response.ts";
export type { V1Request } from "./v1/decode-request.ts";
