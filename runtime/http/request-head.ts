import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { InvalidInput } from "../../contract/errors.ts";
import { bodyTooLarge } from "./decompress.ts";

const LONGEST_REQUEST_ID = 256;

/**
 * The Content-Length of a request; undefined for a chunked one. Node's parser has refused what is not a number.
 * @throws KtsError KTS_BODY_TOO_LARGE above `maxBytes`
 */
export function contentLength(headers: IncomingHttpHeaders, maxBytes: number): number | undefined {
  const text = headers["content-length"];
  if (text === undefined) return headers["transfer-encoding"] === undefined ? 0 : undefined;
  const length = Number(text);
  if (length > maxBytes) throw bodyTooLarge(maxBytes);
  return length;
}

/**
 * The length of the JSON in front of a body's binary tensors; undefined where the body is JSON alone.
 * @throws InvalidInput when the header is not a count of bytes
 */
export function jsonLengthOf(headers: IncomingHttpHeaders): number | undefined {
  const text = headers["inference-header-content-length"];
  if (text === undefined) return undefined;
  const length = typeof text === "string" && /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (!Number.isNaN(length)) return length;
  throw new InvalidInput(`expected a number of bytes, but ${JSON.stringify(text)} came`, {
    path: "Inference-Header-Content-Length",
  });
}

/** The caller's `x-request-id`; undefined where there is none that can be used. */
export function callersRequestId(headers: IncomingHttpHeaders): string | undefined {
  const id = headers["x-request-id"];
  return typeof id === "string" && id !== "" && id.length <= LONGEST_REQUEST_ID ? id : undefined;
}

let issued = 0;
let tail = randomUUID().slice(8);

/**
 * An id for a request whose caller gave none: a UUID of which the first part counts and the rest is this process's
 * own. A wholly random one each time would be 3 % of a small request.
 */
export function newRequestId(): string {
  if (issued === 0xffff_ffff) {
    issued = 0;
    tail = randomUUID().slice(8);
  }
  issued++;
  return issued.toString(16).padStart(8, "0") + tail;
}
