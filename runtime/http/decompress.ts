import { InvalidInput, KtsError, messageOf } from "../../contract/errors.ts";

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
  const zlib = await import("node:zlib");
  const undo: Record<ContentCoding, Undo> = {
    gzip: zlib.gunzip,
    deflate: isZlib(bytes) ? zlib.inflate : zlib.inflateRaw,
    br: zlib.brotliDecompress,
  };
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  undo[coding](bytes, { maxOutputLength: maxBytes }, (error, plain) => {
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

type Undo = (
  bytes: Uint8Array,
  options: { maxOutputLength: number },
  done: (error: NodeJS.ErrnoException | null, plain: Uint8Array) => void,
) => void;

/** HTTP's "deflate" is zlib's format, but some clients send the bare data; zlib's first two bytes check each other. */
function isZlib(bytes: Uint8Array): boolean {
  const [first = 0, second = 0] = bytes;
  return first % 16 === 8 && (first * 256 + second) % 31 === 0;
}
