import type { ClientRequest } from "node:http";

/** Up to here a body goes out as one write, which is cheaper than several. */
const JOIN_BYTES = 16_384;

/** Sends a request's body and ends the request. */
export function sendBody(request: ClientRequest, body: readonly (string | Uint8Array)[] | undefined): void {
  if (body === undefined) return void request.end();
  const parts = body.filter((part) => part.length > 0);
  let length = 0;
  for (const part of parts) length += Buffer.byteLength(part);
  request.setHeader("content-length", length);
  const [first] = parts;
  if (first === undefined) return void request.end();
  if (parts.length === 1) return void request.end(first);
  if (length <= JOIN_BYTES) {
    return void request.end(
      Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part))),
    );
  }
  request.cork();
  for (const part of parts) request.write(part);
  request.end();
}
