import type { IncomingMessage } from "node:http";
import { InvalidInput, type KtsError } from "../../contract/errors.ts";
import { type ContentCoding, bodyTooLarge, decompress } from "./decompress.ts";
import { SMALL_BYTES, freeBuffer, ownsItsMemory } from "./free.ts";

/** A request's whole body, in memory of its own. */
export interface RequestBody {
  readonly bytes: Uint8Array;
  /** The memory behind `bytes`, for `freeBuffer`. */
  readonly owner: Uint8Array;
}

/** How a body is to be read. */
export interface BodyPlan {
  /** The Content-Length header; undefined for a chunked body. */
  readonly length: number | undefined;
  readonly coding: ContentCoding | undefined;
  /** Bytes in front of the first tensor: it will start at a multiple of 8, so that its elements can be a view. */
  readonly jsonLength: number | undefined;
  readonly maxBytes: number;
}

/** Who wants a body. One of the two is called, once; none when the client leaves before the end. */
export interface BodySink {
  bodyRead(body: RequestBody): void;
  bodyFailed(error: KtsError): void;
}

/**
 * Reads a request's body. Chunks are copied into one buffer of the right size and freed at once; a body that comes
 * in one chunk is that chunk.
 */
export function readBody(req: IncomingMessage, plan: BodyPlan, sink: BodySink): void {
  const { length } = plan;
  const { pad, reader } = takerOf(plan, sink);
  if (length === undefined) readChunked(req, plan.maxBytes, pad, reader);
  else readExact(req, length, pad, reader);
}

/** Who takes the bytes as they come over the wire, and how many bytes there are to be in front of them. */
export function takerOf(plan: BodyPlan, sink: BodySink): { readonly pad: number; readonly reader: BodySink } {
  const { coding } = plan;
  if (coding === undefined) return { pad: padOf(plan), reader: sink };
  // Compressed bytes hold no tensor, so their alignment does not matter.
  return { pad: 0, reader: decompressing(plan, coding, sink) };
}

function padOf(plan: BodyPlan): number {
  return plan.jsonLength === undefined ? 0 : (8 - (plan.jsonLength % 8)) % 8;
}

function readExact(req: IncomingMessage, length: number, pad: number, sink: BodySink): void {
  let owner: Uint8Array | undefined;
  let whole: Uint8Array | undefined;
  let at = pad;
  req.on("data", (chunk: Buffer) => {
    if (chunk.length === length && isUsable(chunk, pad)) {
      whole = chunk;
      return;
    }
    owner ??= Buffer.allocUnsafeSlow(pad + length);
    owner.set(chunk, at);
    at += chunk.length;
    freeBuffer(chunk);
  });
  req.on("end", () => {
    if (whole !== undefined) return sink.bodyRead({ bytes: whole, owner: whole });
    owner ??= new Uint8Array(pad + length);
    // Node's parser ends a body only at its announced length; this guards the unwritten rest of the buffer.
    if (at !== owner.length && length > 0) sink.bodyFailed(new InvalidInput("The body ended early."));
    else sink.bodyRead({ bytes: owner.subarray(pad), owner });
  });
}

/** A chunk that is the whole body serves as it is, unless a large tensor in it would have to be copied to align it. */
function isUsable(chunk: Uint8Array, pad: number): boolean {
  return (pad === 0 || chunk.length <= SMALL_BYTES) && ownsItsMemory(chunk);
}

function readChunked(req: IncomingMessage, maxBytes: number, pad: number, sink: BodySink): void {
  let parts: Buffer[] = [];
  let total = 0;
  let refused = false;
  req.on("data", (chunk: Buffer) => {
    total += chunk.length;
    if (refused) return freeBuffer(chunk);
    if (total <= maxBytes) {
      parts.push(chunk);
      return;
    }
    refused = true;
    parts = [];
    sink.bodyFailed(bodyTooLarge(maxBytes));
  });
  req.on("end", () => {
    if (!refused) sink.bodyRead(join(parts, total, pad));
  });
}

function join(parts: readonly Uint8Array[], total: number, pad: number): RequestBody {
  const owner = Buffer.allocUnsafeSlow(pad + total);
  let at = pad;
  for (const part of parts) {
    owner.set(part, at);
    at += part.length;
    freeBuffer(part);
  }
  return { bytes: owner.subarray(pad), owner };
}

function decompressing(plan: BodyPlan, coding: ContentCoding, sink: BodySink): BodySink {
  return {
    bodyRead(body) {
      decompress(coding, body.bytes, plan.maxBytes).then(
        (plain) => {
          freeBuffer(body.owner);
          // zlib's output may be a slice of a shared pool, which no worker could take over.
          sink.bodyRead(join([plain], plain.length, padOf(plan)));
        },
        (reason: KtsError) => sink.bodyFailed(reason),
      );
    },
    bodyFailed: (error) => sink.bodyFailed(error),
  };
}
