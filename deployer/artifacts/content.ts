import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
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
  /** Reads as many bytes as `target` has, from `start`, where that costs less than to read and to copy. */
  fill?(target: Uint8Array, start: number): Promise<void>;
}

/** What a content's digests are taken of, beside the whole: the usual part of an upload. */
export const BLOCK_BYTES = 16 << 20;

/** The SHA-256 of a content, in hexadecimal. */
export interface Digests {
  readonly sha256: string;
  /** Of each BLOCK_BYTES of it, the last one being shorter; of a smaller content the one above. */
  readonly blocks: readonly string[];
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
      if (got < end - start) throw hasShrunk(path, sizeBytes, start + got);
    },
    async fill(target, start) {
      await using file = await open(path);
      for (let filled = 0; filled < target.length;) {
        const { bytesRead } = await file.read(target, filled, target.length - filled, start + filled);
        if (bytesRead === 0) throw hasShrunk(path, sizeBytes, start + filled);
        filled += bytesRead;
      }
    },
  };
}

function hasShrunk(path: string, sizeBytes: number, found: number): Error {
  return fileProblem(path, {
    expected: `${sizeBytes} bytes, as when it was checked`,
    got: `${found}`,
    hint: "Something writes to the file; try again when it is done.",
  });
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

/**
 * Reads a stretch of a content into memory.
 * @throws Error when the content ends before
 */
export async function fillFrom(content: Content, target: Uint8Array, start: number): Promise<void> {
  if (content.fill !== undefined) return content.fill(target, start);
  let filled = 0;
  for await (const chunk of content.read(start, start + target.length)) {
    target.set(chunk, filled);
    filled += chunk.length;
  }
  if (filled < target.length) throw new Error(`the content ended ${target.length - filled} bytes too early`);
}

/** Reads a content once for the digests of the whole and of its blocks. */
export async function digestsOf(content: Content): Promise<Digests> {
  const { sizeBytes } = content;
  const whole = createHash("sha256");
  const isInBlocks = sizeBytes > BLOCK_BYTES;
  const blocks: string[] = [];
  let block = createHash("sha256");
  // A stretch is hashed while the next one is read into the other memory; both are small enough to stay in the cache.
  const memories = [0, 1].map(() => Buffer.allocUnsafeSlow(Math.min(READ_BYTES, sizeBytes)));
  const read = async (start: number): Promise<Buffer> => {
    const memory = memories[(start / READ_BYTES) % 2] as Buffer;
    const stretch = memory.subarray(0, Math.min(READ_BYTES, sizeBytes - start));
    await fillFrom(content, stretch, start);
    return stretch;
  };
  let coming = read(0);
  for (let start = 0; start < sizeBytes; start += READ_BYTES) {
    const stretch = await coming;
    const end = start + stretch.length;
    coming = end < sizeBytes ? read(end) : coming;
    whole.update(stretch);
    if (!isInBlocks) continue;
    block.update(stretch);
    if (end % BLOCK_BYTES !== 0 && end < sizeBytes) continue;
    blocks.push(block.digest("hex"));
    block = createHash("sha256");
  }
  const sha256 = whole.digest("hex");
  return { sha256, blocks: isInBlocks ? blocks : [sha256] };
}

/** The SHA-256 of a content, in hexadecimal. */
export async function sha256Of(content: Content): Promise<string> {
  return (await digestsOf(content)).sha256;
}

/** The CRC-32 of a content, as zips carry it. */
export async function crc32Of(content: Content): Promise<number> {
  let sum = 0;
  for await (const chunk of content.read()) sum = crc32(chunk, sum);
  return sum;
}
