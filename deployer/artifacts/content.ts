import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { crc32 } from "node:zlib";
import { fileProblem } from "./problems.ts";

/** Bytes whose number is known and that can be read again, whole or in part: what an upload needs to go on. */
export interface Content {
  readonly sizeBytes: number;
  /**
   * @param start first byte; default 0
   * @param end the byte after the last; default the size
   */
  read(start?: number, end?: number): AsyncIterable<Uint8Array>;
}

/** Node's own 64 KiB take twice the processor time for a file of gigabytes: each read is a trip to another thread. */
const READ_BYTES = 1 << 20;

/** Bytes in memory. */
export function bytesContent(bytes: Uint8Array): Content {
  return {
    sizeBytes: bytes.length,
    async *read(start = 0, end = bytes.length) {
      if (end > start) yield bytes.subarray(start, end);
    },
  };
}

/** A text in UTF-8. */
export function textContent(text: string): Content {
  return bytesContent(Buffer.from(text, "utf8"));
}

/**
 * A file's bytes; it is opened when they are read.
 * @param sizeBytes as it was when the file was checked. A file that has shrunk since fails while it is read
 */
export function fileContent(path: string, sizeBytes: number): Content {
  return {
    sizeBytes,
    async *read(start = 0, end = sizeBytes) {
      if (end <= start) return;
      let got = 0;
      const stretch = { start, end: end - 1, highWaterMark: READ_BYTES };
      for await (const chunk of createReadStream(path, stretch) as AsyncIterable<Buffer>) {
        got += chunk.length;
        yield chunk;
      }
      if (got === end - start) return;
      throw fileProblem(path, {
        expected: `${sizeBytes} bytes, as when it was checked`,
        got: `${start + got}`,
        hint: "Something writes to the file; try again when it is done.",
      });
    },
  };
}

/** Contents one after the other, as one. */
export function joinedContent(parts: readonly Content[]): Content {
  const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
  return {
    sizeBytes,
    async *read(start = 0, end = sizeBytes) {
      let offset = 0;
      for (const part of parts) {
        const from = Math.max(start - offset, 0);
        const to = Math.min(end - offset, part.sizeBytes);
        if (to > from) yield* part.read(from, to);
        offset += part.sizeBytes;
      }
    },
  };
}

/** The SHA-256 of a content, in hexadecimal. */
export async function sha256Of(content: Content): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of content.read()) hash.update(chunk);
  return hash.digest("hex");
}

/** The CRC-32 of a content, as zips carry it. */
export async function crc32Of(content: Content): Promise<number> {
  let sum = 0;
  for await (const chunk of content.read()) sum = crc32(chunk, sum);
  return sum;
}
