import type { CallOptions } from "../options.ts";
import type { HttpHeaders } from "../transport.ts";

/** What gRPC itself says in a request's headers; a caller's own by these names are left out. */
const RESERVED = /^(?::|grpc-|te$|content-type$|content-length$|connection$|transfer-encoding$|host$)/;

const MOST_DIGITS_MS = 99_999_999;

/** A duration as the header grpc-timeout has it: at most 8 digits and a unit. Rounded up; undefined for no limit. */
export function formatTimeout(timeoutMs: number): string | undefined {
  if (timeoutMs <= MOST_DIGITS_MS) return `${Math.ceil(timeoutMs)}m`;
  const seconds = Math.ceil(timeoutMs / 1000);
  return seconds <= MOST_DIGITS_MS ? `${seconds}S` : undefined;
}

/** The client's and the call's metadata, names in lower case; the call's replace the client's of the same name. */
export function callMetadata(ofClient: HttpHeaders, { headers = {}, requestId }: CallOptions): HttpHeaders {
  const merged: Record<string, string> = {};
  for (const given of [ofClient, headers]) {
    for (const [name, value] of Object.entries(given)) {
      if (value !== undefined) merged[name.toLowerCase()] = value;
    }
  }
  if (requestId !== undefined) merged["x-request-id"] = requestId;
  return merged;
}

/**
 * The headers that open a call.
 * @param authority what the caller addresses; metadata `host` replaces it
 */
export function openingHeaders(
  method: string,
  authority: string,
  secure: boolean,
  metadata: HttpHeaders,
  timeoutMs: number,
): Record<string, string> {
  const headers: Record<string, string> = {
    ":method": "POST",
    ":scheme": secure ? "https" : "http",
    ":path": `/inference.GRPCInferenceService/${method}`,
    ":authority": metadata["host"] ?? authority,
    te: "trailers",
    "content-type": "application/grpc",
    "user-agent": "kserve-ts",
    "grpc-accept-encoding": "identity,deflate,gzip",
  };
  const timeout = formatTimeout(timeoutMs);
  if (timeout !== undefined) headers["grpc-timeout"] = timeout;
  for (const name of Object.keys(metadata)) {
    if (!RESERVED.test(name)) headers[name] = metadata[name] as string;
  }
  return headers;
}
