import type { EncodedBody } from "../protocol/body.ts";
import type { CallOptions } from "./options.ts";
import type { HttpHeaders } from "./transport.ts";

/**
 * The headers of a request, names in lower case: what the body needs, then the client's, then the call's, of which
 * a later one replaces an earlier one.
 * @param accept the media type that is wanted; default any
 */
export function requestHeaders(
  body: Pick<EncodedBody, "contentType" | "jsonLength"> | undefined,
  ofClient: HttpHeaders,
  { headers: ofCall = {}, requestId }: CallOptions,
  accept = "*/*",
): HttpHeaders {
  const merged: Record<string, string> = {
    accept,
    // Without it a proxy may compress; tensors hardly shrink, and small answers are not worth it.
    "accept-encoding": "identity",
  };
  if (body !== undefined) {
    merged["content-type"] = body.contentType;
    if (body.jsonLength !== undefined) merged["inference-header-content-length"] = String(body.jsonLength);
  }
  for (const headers of [ofClient, ofCall]) {
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined) merged[name.toLowerCase()] = value;
    }
  }
  if (requestId !== undefined) merged["x-request-id"] = requestId;
  // The transport knows the body's length, and two headers that contradict each other are refused or worse.
  delete merged["content-length"];
  delete merged["transfer-encoding"];
  return merged;
}
