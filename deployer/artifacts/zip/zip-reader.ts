import { inflateRawSync } from "node:zlib";
import { type ByteSource, CutShort } from "../readers/byte-reader.ts";

/** A file in a zip, as its directory has it. */
export interface ZipFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly compressedBytes: number;
  /** 0 stored, 8 deflated. */
  readonly method: number;
  /** Where its local header begins. */
  readonly offset: number;
}

/** The bytes are no zip, or one that cannot be read. */
export class NotZip extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NotZip";
  }
}

/** The ending record and the longest comment after it. */
const ENDING_BYTES = 22 + 0xffff;

/** A directory for a million files; more is no archive of a model. */
const MAX_DIRECTORY_BYTES = 128 * 1024 * 1024;

/**
 * A zip's directory, which lies at its end: a zip that is cut short has none.
 * @throws NotZip
 */
export function readZipDirectory(source: ByteSource): readonly ZipFile[] {
  const { count, offset, size } = readEnding(source);
  if (size > MAX_DIRECTORY_BYTES || offset + size > source.sizeBytes) {
    throw new NotZip("its directory lies beyond its end");
  }
  const directory = source.readAt(offset, size);
  const files: ZipFile[] = [];
  for (let at = 0, index = 0; index < count; index++) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== 0x0201_4b50) {
      throw new NotZip(`its directory has ${index} files of the ${count} that it announces`);
    }
    const nameEnd = at + 46 + directory.readUInt16LE(at + 28);
    const extraEnd = nameEnd + directory.readUInt16LE(at + 30);
    const wide = new WideNumbers(directory.subarray(nameEnd, extraEnd));
    const name = directory.subarray(at + 46, nameEnd).toString("utf8");
    const sizeBytes = wide.orNext(directory.readUInt32LE(at + 24));
    const compressedBytes = wide.orNext(directory.readUInt32LE(at + 20));
    const localOffset = wide.orNext(directory.readUInt32LE(at + 42));
    const method = directory.readUInt16LE(at + 10);
    if (localOffset + compressedBytes > offset)
      throw new NotZip(`its file ${name} lies beyond its directory`);
    files.push({ name, sizeBytes, compressedBytes, method, offset: localOffset });
    at = extraEnd + directory.readUInt16LE(at + 32);
  }
  return files;
}

/**
 * A file's content.
 * @param maxBytes more is refused, before it is unpacked
 * @throws NotZip; CutShort
 */
export function readZipFile(source: ByteSource, file: ZipFile, maxBytes: number): Buffer {
  if (file.sizeBytes > maxBytes) throw new NotZip(`its file ${file.name} has ${file.sizeBytes} bytes`);
  const header = source.readAt(file.offset, 30);
  if (header.length < 30 || header.readUInt32LE(0) !== 0x0403_4b50) {
    throw new NotZip(`its file ${file.name} is not where its directory says`);
  }
  const start = file.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  const bytes = source.readAt(start, file.compressedBytes);
  if (bytes.length < file.compressedBytes) throw new CutShort();
  if (file.method === 0) return bytes;
  if (file.method !== 8) throw new NotZip(`its file ${file.name} is compressed by method ${file.method}`);
  return inflateRawSync(bytes, { maxOutputLength: maxBytes });
}

interface Ending {
  readonly count: number;
  readonly offset: number;
  readonly size: number;
}

function readEnding(source: ByteSource): Ending {
  const length = Math.min(source.sizeBytes, ENDING_BYTES);
  const start = source.sizeBytes - length;
  const tail = source.readAt(start, length);
  const at = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (at < 0 || at + 22 > tail.length) throw new NotZip("it has no directory at its end");
  const ending = {
    count: tail.readUInt16LE(at + 10),
    size: tail.readUInt32LE(at + 12),
    offset: tail.readUInt32LE(at + 16),
  };
  if (ending.count < 0xffff && ending.size < 0xffff_ffff && ending.offset < 0xffff_ffff) return ending;
  const locator = source.readAt(start + at - 20, 20);
  if (locator.length < 20 || locator.readUInt32LE(0) !== 0x0706_4b50) return ending;
  const record = source.readAt(Number(locator.readBigUInt64LE(8)), 56);
  if (record.length < 56 || record.readUInt32LE(0) !== 0x0606_4b50) {
    throw new NotZip("its directory of large files is damaged");
  }
  return {
    count: Number(record.readBigUInt64LE(32)),
    size: Number(record.readBigUInt64LE(40)),
    offset: Number(record.readBigUInt64LE(48)),
  };
}

/** The numbers of zip64's extra field, in their order. */
class WideNumbers {
  readonly #numbers: number[] = [];

  constructor(extra: Buffer) {
    for (let at = 0; at + 4 <= extra.length;) {
      const end = at + 4 + extra.readUInt16LE(at + 2);
      if (extra.readUInt16LE(at) === 1) {
        for (let from = at + 4; from + 8 <= Math.min(end, extra.length); from += 8) {
          this.#numbers.push(Number(extra.readBigUInt64LE(from)));
        }
      }
      at = end;
    }
  }

  /** The number itself, or the next wide one where it says that it did not fit. */
  orNext(value: number): number {
    return value === 0xffff_ffff ? (this.#numbers.shift() ?? value) : value;
  }
}
