import { InvalidInput, KtsError } from "../../contract/errors.ts";
import type { DecodeLimits } from "../limits.ts";

/** What V8 takes for an empty array or object with its place in the parent, and for a short string. */
const CONTAINER_BYTES = 56;
const QUOTE_BYTES = 16;

/** Brackets and the backslash are from here on; below, only the quote matters. */
const LEAST_BRACKET = 0x5b;

/**
 * Checks a large JSON text before it is parsed: a hundred megabytes of brackets would become gigabytes of arrays.
 * Looks at brackets and quotes only; whether it is JSON is the parser's business. A text that would stay within the
 * limit even if it were all brackets is not looked at, which spares most bodies the time; its depth is for whoever
 * walks its value to check.
 * @throws InvalidInput when it nests too deep; KTS_BODY_TOO_LARGE when its values would take too much memory
 */
export function checkStructure(bytes: Uint8Array, limits: DecodeLimits): void {
  if (bytes.length * CONTAINER_BYTES <= limits.maxTensorBytes) return;
  let depth = 0;
  let memory = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte < LEAST_BRACKET && byte !== 0x22) continue;
    if (byte === 0x22) {
      inString = !inString;
      memory += QUOTE_BYTES;
    } else if (inString) {
      if (byte === 0x5c) at++;
    } else if (byte === 0x5b || byte === 0x7b) {
      memory += CONTAINER_BYTES;
      if (++depth > limits.maxDepth) throw tooDeep(limits);
    } else if (byte === 0x5d || byte === 0x7d) {
      depth--;
    }
  }
  if (memory > limits.maxTensorBytes) {
    throw new KtsError(
      "KTS_BODY_TOO_LARGE",
      `the JSON's arrays, objects and strings would take ${memory} bytes of memory, the limit is ${limits.maxTensorBytes}`,
      { hint: "Send the tensor in binary form, send less at once, or raise --max_tensor_bytes." },
    );
  }
}

/** The error for values that nest deeper than the limit. */
export function tooDeep(limits: DecodeLimits): InvalidInput {
  return new InvalidInput(`the JSON nests deeper than ${limits.maxDepth} levels`);
}
