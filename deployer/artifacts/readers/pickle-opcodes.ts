import type { ByteReader } from "./byte-reader.ts";
import { Mark, type PickleValue } from "./pickle-values.ts";

/** Longer texts are names of nothing. */
const MAX_TEXT_BYTES = 1024;

type ReadValue = (reader: ByteReader) => PickleValue;

const number: ReadValue = (reader) => Number.parseFloat(reader.line());
const quoted: ReadValue = (reader) => reader.line().replace(/^['"](.*)['"]$/, "$1");
const nothing: ReadValue = () => null;
const empty: ReadValue = () => [];

/** Opcodes that put a value onto the stack and look at nothing else, with how the value is read. */
export const VALUE_OPCODES: ReadonlyMap<number, ReadValue> = new Map<number, ReadValue>([
  [0x28, () => Mark], // MARK
  [0x46, number], // FLOAT
  [0x49, number], // INT
  [0x4c, number], // LONG
  [0x47, (reader) => reader.take(8).readDoubleBE()], // BINFLOAT
  [0x4a, (reader) => reader.take(4).readInt32LE()], // BININT
  [0x4b, (reader) => reader.byte()], // BININT1
  [0x4d, (reader) => reader.take(2).readUInt16LE()], // BININT2
  [0x8a, (reader) => integer(reader.take(reader.byte()))], // LONG1
  [0x8b, (reader) => integer(reader.take(readLength(reader, 4)))], // LONG4
  [0x4e, nothing], // NONE
  [0x88, () => true], // NEWTRUE
  [0x89, () => false], // NEWFALSE
  [0x53, quoted], // STRING
  [0x56, quoted], // UNICODE
  [0x55, text(1)], // SHORT_BINSTRING
  [0x8c, text(1)], // SHORT_BINUNICODE
  [0x54, text(4)], // BINSTRING
  [0x58, text(4)], // BINUNICODE
  [0x8d, text(8)], // BINUNICODE8
  [0x43, bytes(1)], // SHORT_BINBYTES
  [0x42, bytes(4)], // BINBYTES
  [0x8e, bytes(8)], // BINBYTES8
  [0x96, bytes(8)], // BYTEARRAY8
  [0x29, empty], // EMPTY_TUPLE
  [0x5d, empty], // EMPTY_LIST
  [0x8f, empty], // EMPTY_SET
  [0x7d, () => new Map()], // EMPTY_DICT
  [0x97, nothing], // NEXT_BUFFER
  [0x50, (reader) => (reader.line(), null)], // PERSID
]);

/** A length before what it counts, little-endian. */
export function readLength(reader: ByteReader, sizeBytes: 1 | 4 | 8): number {
  const taken = reader.take(sizeBytes);
  if (sizeBytes === 1) return taken[0] as number;
  return sizeBytes === 4 ? taken.readUInt32LE() : Number(taken.readBigUInt64LE());
}

function text(lengthBytes: 1 | 4 | 8): ReadValue {
  return (reader) => {
    const length = readLength(reader, lengthBytes);
    if (length <= MAX_TEXT_BYTES) return reader.take(length).toString("utf8");
    reader.skip(length);
    return "";
  };
}

/** Bytes are passed over: no name is among them. */
function bytes(lengthBytes: 1 | 4 | 8): ReadValue {
  return (reader) => {
    reader.skip(readLength(reader, lengthBytes));
    return null;
  };
}

/** Little-endian and in two's complement; only small ones are of use. */
function integer(digits: Buffer): number {
  return digits.length === 0 ? 0 : digits.length <= 6 ? digits.readIntLE(0, digits.length) : Number.NaN;
}
