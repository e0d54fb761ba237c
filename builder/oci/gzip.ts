import { Transform, type TransformCallback } from "node:stream";
import { createGzip } from "node:zlib";

const OS_AT = 9;
const UNKNOWN_OS = 255;

/**
 * Compresses into a gzip stream of the same bytes on every system: no time, no name, and no word of the system that
 * made it. Another version of zlib, or another processor, may still compress the same bytes otherwise.
 */
export function gzipStreams(level: number): readonly [ReturnType<typeof createGzip>, Transform] {
  return [createGzip({ level, chunkSize: 65_536 }), new WithoutOs()];
}

/** Overwrites the tenth byte, by which zlib says what system it runs on. */
class WithoutOs extends Transform {
  #at = 0;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const at = OS_AT - this.#at;
    this.#at += chunk.length;
    if (at >= 0 && at < chunk.length) chunk[at] = UNKNOWN_OS;
    done(null, chunk);
  }
}
