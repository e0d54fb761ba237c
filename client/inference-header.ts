import type { HttpHeaders } from "./transport.ts";

/**
 * The length of the JSON in front of an answer's binary tensors; undefined where the answer is JSON only, NaN where
 * the header is no count of bytes.
 */
export function jsonLengthOf(headers: HttpHeaders): number | undefined {
  const text = headers["inference-header-content-length"];
  if (text === undefined) return undefined;
  return /^\d{1,15}$/.test(text) ? Number(text) : NaN;
}
