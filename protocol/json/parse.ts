import { InvalidInput } from "../../contract/errors.ts";
import { type DecodeLimits, DEFAULT_LIMITS } from "../limits.ts";
import { checkStructure } from "./structure.ts";
import { explainSyntaxError } from "./syntax-error.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A body's bytes as text.
 * @throws InvalidInput when they are not UTF-8
 */
export function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new InvalidInput("Unrecognized request format: the body is not UTF-8 text");
  }
}

/**
 * A body's JSON as a value.
 * @throws InvalidInput when it is no JSON, with the place; KTS_BODY_TOO_LARGE when its values would take too much memory
 */
export function parseJson(bytes: Uint8Array, limits: DecodeLimits = DEFAULT_LIMITS): unknown {
  checkStructure(bytes, limits);
  return parseText(decodeText(bytes));
}

/**
 * JSON text as a value.
 * @throws InvalidInput when it is no JSON, with the place
 */
export function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidInput(`Unrecognized request format: ${explainSyntaxError(text)}`, { cause: error });
  }
}
