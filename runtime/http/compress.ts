import type { ZlibOptions } from "node:zlib";
import type { EncodedBody } from "../../protocol/body.ts";
import type { ContentCoding } from "./decompress.ts";

/**
 * Where a client likes several equally. On FP32 as JSON brotli's lowest level takes half the time of gzip's lowest
 * and leaves less (15 ms and 42 % of 1.5 MB, against 25 ms and 44 %); higher levels of either cost far more time than
 * they save bytes.
 */
const PREFERRED: readonly ContentCoding[] = ["br", "gzip", "deflate"];
const LEVEL = 1;

/** Bytes of binary tensors that are tried first: most tensors are noise to a compressor. */
const SAMPLE_BYTES = 4_096;
/** What a compression has to leave of the bytes to be worth its time. */
const WORTH_IT = 0.9;
/** Output in few large pieces: each is a turn of the event loop. */
const CHUNK_BYTES = 262_144;

/** A body to send, compressed or as it is. */
export interface CompressedBody {
  readonly coding: ContentCoding;
  readonly bytes: Uint8Array;
}

/**
 * The compression an Accept-Encoding header likes best (RFC 9110, section 12.5.3); undefined for none.
 * Where it likes none at least as much as no compression, there is none.
 */
export function acceptedCoding(header: string | undefined): ContentCoding | undefined {
  if (header === undefined) return undefined;
  const weights = new Map<string, number>();
  for (const item of header.toLowerCase().split(",")) {
    const [name = "", ...parameters] = item.split(";").map((part) => part.trim());
    const weight = parameters.find((parameter) => parameter.startsWith("q="));
    weights.set(name === "x-gzip" ? "gzip" : name, weight === undefined ? 1 : qvalue(weight.slice(2)));
  }
  const others = weights.get("*") ?? 0;
  let best: ContentCoding | undefined;
  let most = 0;
  for (const coding of PREFERRED) {
    const weight = weights.get(coding) ?? others;
    if (weight <= most) continue;
    best = coding;
    most = weight;
  }
  return (weights.get("identity") ?? 0) > most ? undefined : best;
}

/** A weight from 0 to 1; what is none asks for nothing. */
function qvalue(text: string): number {
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text) ? Number(text) : 0;
}

/** Bytes of an encoded answer. */
export function bodyBytes({ head, tail }: EncodedBody): number {
  let length = Buffer.byteLength(head);
  for (const part of tail) length += part.byteLength;
  return length;
}

/**
 * Compresses an answer, off this thread.
 * @returns undefined where that gains nothing, or fails: the answer is then to be sent as it is
 */
export async function compress(
  coding: ContentCoding,
  body: EncodedBody,
): Promise<CompressedBody | undefined> {
  const zlib = await import("node:zlib");
  const isTensors = body.contentType === "application/octet-stream";
  if (isTensors && !isCompressible(body.tail, zlib.deflateRawSync)) return undefined;
  // A copy: the answer's tensors may be views of the request, whose memory is freed when the client leaves.
  const plain = Buffer.concat([Buffer.from(body.head), ...body.tail]);
  const { promise, resolve } = Promise.withResolvers<CompressedBody | undefined>();
  const done = (error: Error | null, bytes: Uint8Array) =>
    resolve(error === null && bytes.length < plain.length * WORTH_IT ? { coding, bytes } : undefined);
  if (coding === "br") {
    const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = zlib.constants;
    const params = { [BROTLI_PARAM_QUALITY]: LEVEL, [BROTLI_PARAM_SIZE_HINT]: plain.length };
    zlib.brotliCompress(plain, { params, chunkSize: CHUNK_BYTES }, done);
  } else {
    const options: ZlibOptions = { level: LEVEL, chunkSize: CHUNK_BYTES };
    (coding === "gzip" ? zlib.gzip : zlib.deflate)(plain, options, done);
  }
  return promise;
}

/** Whether bytes from the middle of the largest part get smaller. */
function isCompressible(
  parts: readonly Uint8Array[],
  deflate: (bytes: Uint8Array, options: ZlibOptions) => Uint8Array,
) {
  let largest = new Uint8Array();
  for (const part of parts)
    if (part.byteLength > largest.byteLength) largest = part as Uint8Array<ArrayBuffer>;
  const start = Math.max(0, Math.floor((largest.byteLength - SAMPLE_BYTES) / 2));
  const sample = largest.subarray(start, start + SAMPLE_BYTES);
  return deflate(sample, { level: LEVEL }).length < sample.length * WORTH_IT;
}
