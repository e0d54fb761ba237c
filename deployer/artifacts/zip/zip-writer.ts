import { type Content, bytesContent, crc32Of, joinedContent } from "../content.ts";

/** A file to be put into a zip. */
export interface ZipEntry {
  /** With `/`, relative, and without `..`. */
  readonly name: string;
  readonly content: Content;
}

/** An entry whose checksum is known. */
export interface SummedEntry extends ZipEntry {
  readonly crc32: number;
}

const MAX_16 = 0xffff;
const MAX_32 = 0xffff_ffff;

/** 1980-01-01 00:00:00, the first time that zips know: an entry's time must not change the archive. */
const DOS_DATE = 0x0021;

/** 2.0 for folders in names, 4.5 for zip64. */
const VERSION = 20;
const VERSION_ZIP64 = 45;

/** Names are in UTF-8. */
const FLAGS = 0x0800;

/** A regular file that all may read (0644), as Unix. */
const MADE_BY_UNIX = 3 << 8;
const FILE_MODE = (0o100644 << 16) >>> 0;

/**
 * A zip of files as they are, not compressed: weights hardly get smaller, and what a compressor writes changes with
 * its version, while this gives the same bytes for the same files everywhere. It is never held in memory, and can be read
 * from anywhere in it.
 * @param entries in the order they are to have; each is read once for its checksum
 */
export async function zipContent(entries: readonly ZipEntry[]): Promise<Content> {
  const summed: SummedEntry[] = [];
  for (const entry of entries) summed.push({ ...entry, crc32: await crc32Of(entry.content) });
  return summedZipContent(summed);
}

/** The same, of entries whose checksums are known. */
export function summedZipContent(entries: readonly SummedEntry[]): Content {
  const parts: Content[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const local = localHeader(entry);
    directory.push(directoryEntry(entry, offset));
    parts.push(bytesContent(local), entry.content);
    offset += local.length + entry.content.sizeBytes;
  }
  const central = Buffer.concat(directory);
  return joinedContent([
    ...parts,
    bytesContent(central),
    bytesContent(ending(entries.length, offset, central.length)),
  ]);
}

function localHeader({ name, content, crc32 }: SummedEntry): Buffer {
  const nameBytes = Buffer.from(name, "utf8");
  const large = content.sizeBytes >= MAX_32;
  const extra = large ? zip64Extra([content.sizeBytes, content.sizeBytes]) : Buffer.alloc(0);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x0403_4b50, 0);
  header.writeUInt16LE(large ? VERSION_ZIP64 : VERSION, 4);
  header.writeUInt16LE(FLAGS, 6);
  header.writeUInt16LE(0, 8); // stored
  header.writeUInt16LE(0, 10);
  header.writeUInt16LE(DOS_DATE, 12);
  header.writeUInt32LE(crc32, 14);
  header.writeUInt32LE(large ? MAX_32 : content.sizeBytes, 18);
  header.writeUInt32LE(large ? MAX_32 : content.sizeBytes, 22);
  header.writeUInt16LE(nameBytes.length, 26);
  header.writeUInt16LE(extra.length, 28);
  return Buffer.concat([header, nameBytes, extra]);
}

function directoryEntry({ name, content, crc32 }: SummedEntry, offset: number): Buffer {
  const nameBytes = Buffer.from(name, "utf8");
  const large = content.sizeBytes >= MAX_32;
  const far = offset >= MAX_32;
  const values = [...(large ? [content.sizeBytes, content.sizeBytes] : []), ...(far ? [offset] : [])];
  const extra = values.length > 0 ? zip64Extra(values) : Buffer.alloc(0);
  const version = large || far ? VERSION_ZIP64 : VERSION;
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x0201_4b50, 0);
  header.writeUInt16LE(MADE_BY_UNIX | version, 4);
  header.writeUInt16LE(version, 6);
  header.writeUInt16LE(FLAGS, 8);
  header.writeUInt16LE(0, 10); // stored
  header.writeUInt16LE(0, 12);
  header.writeUInt16LE(DOS_DATE, 14);
  header.writeUInt32LE(crc32, 16);
  header.writeUInt32LE(large ? MAX_32 : content.sizeBytes, 20);
  header.writeUInt32LE(large ? MAX_32 : content.sizeBytes, 24);
  header.writeUInt16LE(nameBytes.length, 28);
  header.writeUInt16LE(extra.length, 30);
  header.writeUInt32LE(FILE_MODE, 38);
  header.writeUInt32LE(far ? MAX_32 : offset, 42);
  return Buffer.concat([header, nameBytes, extra]);
}

/** The extra field with what does not fit into 32 bits. */
function zip64Extra(values: readonly number[]): Buffer {
  const extra = Buffer.alloc(4 + 8 * values.length);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(8 * values.length, 2);
  values.forEach((value, index) => extra.writeBigUInt64LE(BigInt(value), 4 + 8 * index));
  return extra;
}

function ending(count: number, offset: number, size: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x0605_4b50, 0);
  end.writeUInt16LE(Math.min(count, MAX_16), 8);
  end.writeUInt16LE(Math.min(count, MAX_16), 10);
  end.writeUInt32LE(Math.min(size, MAX_32), 12);
  end.writeUInt32LE(Math.min(offset, MAX_32), 16);
  const fits = count < MAX_16 && size < MAX_32 && offset < MAX_32;
  return fits ? end : Buffer.concat([zip64Ending(count, offset, size), end]);
}

/** The record of zip64, and its locator. */
function zip64Ending(count: number, offset: number, size: number): Buffer {
  const record = Buffer.alloc(56 + 20);
  record.writeUInt32LE(0x0606_4b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeUInt16LE(MADE_BY_UNIX | VERSION_ZIP64, 12);
  record.writeUInt16LE(VERSION_ZIP64, 14);
  record.writeBigUInt64LE(BigInt(count), 24);
  record.writeBigUInt64LE(BigInt(count), 32);
  record.writeBigUInt64LE(BigInt(size), 40);
  record.writeBigUInt64LE(BigInt(offset), 48);
  record.writeUInt32LE(0x0706_4b50, 56);
  record.writeBigUInt64LE(BigInt(offset + size), 64);
  record.writeUInt32LE(1, 72);
  return record;
}
