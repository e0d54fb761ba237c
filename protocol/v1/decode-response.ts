import { KtsError, messageOf } from "../../contract/errors.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import { readValue } from "./decode-request.ts";

/**
 * Reads a V1 answer; integers beyond 2^53 become BigInt.
 * @throws KtsError KTS_SERVER_ANSWERED when it is no JSON
 */
export function decodeV1Response(body: Uint8Array): unknown {
  try {
    return readValue(body, DEFAULT_LIMITS);
  } catch (error) {
    throw new KtsError("KTS_SERVER_ANSWERED", `The server's answer is no V1 answer: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
