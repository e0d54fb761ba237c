/** A body, ready to be sent: `head` as UTF-8, then `tail`, with nothing between. */
export interface EncodedBody {
  readonly contentType: string;
  /** The Inference-Header-Content-Length header; undefined where the body has no binary tensors. */
  readonly jsonLength: number | undefined;
  readonly head: string;
  readonly tail: readonly Uint8Array[];
}

/** How an answer is written. */
export interface EncodeOptions {
  /**
   * NaN and infinities in JSON, which has no word for them: `null`, an error, or the strings NaN, Infinity, -Infinity.
   * Binary tensors carry them as they are.
   */
  readonly nonFinite: "null" | "error" | "string";
}

/** Content type of every JSON body; KServe's clients compare it as a whole, so it has no parameters. */
export const JSON_TYPE = "application/json";

/** Content type of a body with binary tensors. */
export const BINARY_TYPE = "application/octet-stream";

/** A body that is one JSON text. */
export function jsonBody({ head, tail }: Pick<EncodedBody, "head" | "tail">): EncodedBody {
  return { contentType: JSON_TYPE, jsonLength: undefined, head, tail };
}
