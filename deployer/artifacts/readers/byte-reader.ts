import { closeSync, openSync, readSync } from "node:fs";
import type { SourceFile } from "../model-source.ts";

/** Bytes that can be looked at anywhere, without being all in memory. */
export interface ByteSource {
  readonly sizeBytes: number;
  /** Fewer than asked for only at the end. */
  readAt(position: number, length: number): Buffer;
}

/** The bytes end before what they announce. */
export class CutShort extends Error {
  constructor(message = "it ends too early") {
    super(message);
    this.name = "CutShort";
  }
}

/** A file, open for as long as it is looked at: `using bytes = openBytes(file)`. */
export function openBytes({ file, sizeBytes }: SourceFile): ByteSource & Disposable {
  const handle = openSync(file, "r");
  return {
    sizeBytes,
    readAt(position, length) {
      const buffer = Buffer.alloc(Math.max(0, Math.min(length, sizeBytes - position)));
      const got = buffer.length === 0 ? 0 : readSync(handle, buffer, 0, buffer.length, position);
      return buffer.subarray(0, got);
    },
    [Symbol.dispose]: () => closeSync(handle),
  };
}

/** Bytes in memory. */
export function memoryBytes(bytes: Uint8Array): ByteSource {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    sizeBytes: buffer.length,
    readAt: (position, length) => buffer.subarray(position, position + length),
  };
}

const WINDOW_BYTES = 64 * 1024;

/**
 * Reads a byte or a few at a time, forwards. It is synchronous, since model formats are read by the byte, and skips
 * what is not asked for, so that a model of many gigabytes costs no more than its structure.
 */
export class ByteReader {
  readonly #source: ByteSource;
  #window: Buffer = Buffer.alloc(0);
  #windowStart = 0;
  /** Where the next byte is read. */
  position: number;
  /** The byte after the last. */
  readonly end: number;

  constructor(source: ByteSource, start = 0, end = source.sizeBytes) {
    this.#source = source;
    this.position = start;
    this.end = end;
  }

  get atEnd(): boolean {
    return this.position >= this.end;
  }

  /** @throws CutShort at the end */
  byte(): number {
    if (this.atEnd) throw new CutShort();
    let offset = this.position - this.#windowStart;
    if (offset < 0 || offset >= this.#window.length) {
      this.#window = this.#source.readAt(this.position, WINDOW_BYTES);
      this.#windowStart = this.position;
      offset = 0;
    }
    const byte = this.#window[offset];
    if (byte === undefined) throw new CutShort();
    this.position++;
    return byte;
  }

  /** @throws CutShort when there are fewer */
  take(length: number): Buffer {
    this.#mustHave(length);
    const offset = this.position - this.#windowStart;
    const inWindow = offset >= 0 && offset + length <= this.#window.length;
    const bytes = inWindow
      ? this.#window.subarray(offset, offset + length)
      : this.#source.readAt(this.position, length);
    if (bytes.length < length) throw new CutShort();
    this.position += length;
    return bytes;
  }

  /** @throws CutShort when there are fewer */
  skip(length: number): void {
    this.#mustHave(length);
    this.position += length;
  }

  /** The text up to a line's end, which is passed over. */
  line(): string {
    const bytes: number[] = [];
    for (let byte = this.byte(); byte !== 0x0a; byte = this.byte()) bytes.push(byte);
    return Buffer.from(bytes).toString("utf8");
  }

  #mustHave(length: number): void {
    if (!(length >= 0 && this.position + length <= this.end)) {
      const rest = this.end - this.position;
      throw new CutShort(`at byte ${this.position} come ${length} more bytes, but there are ${rest}`);
    }
  }
}
