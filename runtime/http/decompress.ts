import { InvalidInput, KtsError, messageOf } from "../../contract/errors.ts";
import { Gate } from "./gate.ts";

/**
 * Decompressions at a time, as many as zlib has threads: each may take the memory of the largest body allowed, however
 * little came over the wire.
 */
const gate = new Gate(4);

/** The answer to a body above the limit. */
export function bodyTooLarge(maxBytes: number): KtsError {
  return new KtsError(
    "KTS_BODY_TOO_LARGE",
    `The request body is larger than the ${maxBytes} bytes that --max_body_bytes allows.`,
  );
}

/** The compressions a request body may have. */
export type ContentCoding = "gzip" | "deflate" | "br";

/**
 * The compression a Content-Encoding header names; undefined for none.
 * @throws InvalidInput when it names one we cannot undo
 */
export function contentCoding(header: string | undefined): ContentCoding | undefined {
  if (header === undefined) return undefined;
  const name = header.trim().toLowerCase();
  if (name === "" || name === "identity") return undefined;
  if (name === "x-gzip") return "gzip";
  if (name === "gzip" || name === "deflate" || name === "br") return name;
  throw new InvalidInput(`expected one of gzip, deflate, br, identity, but ${JSON.stringify(header)} came`, {
    path: "Content-Encoding",
  });
}

/**
 * Undoes a compression, off this thread.
 * @throws KtsError KTS_BODY_TOO_LARGE above `maxBytes`, KTS_INVALID_INPUT when the bytes are not what the header says
 */
export async function decompress(
  coding: ContentCoding,
  bytes: Uint8Array,
  maxBytes: number,
): Promise<Uint8Array> {
  if (coding === "gzip" && leastBytes(bytes) > maxBytes) throw bodyTooLarge(maxBytes);
  return gate.run(() => undo(coding, bytes, maxBytes));
}

/** Deflate makes at most 258 bytes of 2 bits. */
const MOST_GROWTH = 1032;

/**
 * Gzip's last four bytes say how much its last member holds, modulo 4 GiB: it cannot be less. Where that is more than
 * the bytes can hold they are something else, as when the end is cut off, and zlib finds what is wrong.
 */
function leastBytes(bytes: Uint8Array): number {
  // What is no gzip at all is another mistake, which zlib finds.
  if (bytes.byteLength < 18 || bytes[0] !== 0x1f || bytes[1] !== 0x8b) return 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const said = view.getUint32(bytes.byteLength - 4, true);
  return said > bytes.byteLength * MOST_GROWTH ? 0 : said;
}

async function undo(coding: ContentCoding, bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const zlib = await import("node:zlib");
  const ways: Record<ContentCoding, Undo> = {
    gzip: zlib.gunzip,
    deflate: isZlib(bytes) ? zlib.inflate : zlib.inflateRaw,
    br: zlib.brotliDecompress,
  };
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  ways[coding](bytes, { maxOutputLength: maxBytes, chunkSize: chunkBytes(bytes) }, (error, plain) => {
    if (error === null) resolve(plain);
    else if (error.code === "ERR_BUFFER_TOO_LARGE") reject(bodyTooLarge(maxBytes));
    else
      reject(
        new InvalidInput(`the body is not ${coding} data (${messageOf(error)})`, {
          path: "Content-Encoding",
        }),
      );
  });
  return promise;
}

/**
 * Each chunk of output is a turn of the event loop, and zlib's own chunks of 16 KiB take ten times as long for a large
 * body as these; a small body is not worth a large chunk.
 */
function chunkBytes(bytes: Uint8Array): number {
  return Math.min(Math.max(bytes.byteLength * 8, 16_384), 1_048_576);
}

type Undo = (
  bytes: Uint8Array,
  options: { maxOutputLength: number; chunkSize: number },
  done: (error: NodeJS.ErrnoException | null, plain: Uint8Array) => void,
) => void;

/** HTTP's "deflate" is zlib's format, but some clients send the bare data; zlib's first two bytes check each other. */
function isZlib(bytes: Uint8Array): boolean {
  const [first = 0, second = 0] = bytes;
  return first % 16 === 8 && (first * 256 + second) % 31 === 0;
}
