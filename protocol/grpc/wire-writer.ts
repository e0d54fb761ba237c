import { FIXED64, LENGTH, VARINT, tagOf } from "./wire-reader.ts";

/** The bytes in front of every gRPC message: a flag, and its length in 4 bytes. */
export const PREFIX_BYTES = 5;

/** A gRPC message, ready to be sent: its prefix and first bytes, then `tail`, with nothing between. */
export interface EncodedMessage {
  readonly head: Uint8Array;
  readonly tail: readonly Uint8Array[];
  /** Bytes of the message alone, without the prefix. */
  readonly byteLength: number;
}

/** Up to here bytes are copied into the message; larger ones are sent from where they are. */
const INLINE_BYTES = 4096;
const FIRST_BYTES = 256;

/** Writes a message in protobuf's wire format, with room in front for the prefix that gRPC puts there. */
export class ProtoWriter {
  #buffer: Buffer;
  #at = PREFIX_BYTES;
  /** Where the bytes start that are in no part yet. */
  #from = 0;
  #parts: Uint8Array[] | undefined;
  #partBytes = 0;

  /** @param size bytes it most likely takes */
  constructor(size: number = FIRST_BYTES) {
    this.#buffer = Buffer.allocUnsafe(size + PREFIX_BYTES);
  }

  /** Makes room for so many bytes, and says where they start. */
  #room(bytes: number): number {
    const at = this.#at;
    this.#at = at + bytes;
    if (this.#at > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#at, this.#buffer.length * 2));
      larger.set(this.#buffer.subarray(0, at));
      this.#buffer = larger;
    }
    return at;
  }

  /** A varint of 32 bits, unsigned. */
  uint32(value: number): void {
    let at = this.#room(sizeOfUint32(value));
    const buffer = this.#buffer;
    let rest = value;
    for (; rest >= 0x80; rest >>>= 7) buffer[at++] = (rest & 0x7f) | 0x80;
    buffer[at] = rest;
  }

  /** A varint of 64 bits, from its halves. */
  uint64(low: number, high: number): void {
    let lower = low >>> 0;
    let upper = high >>> 0;
    if (upper === 0) return this.uint32(lower);
    let at = this.#room(MOST_VARINT_BYTES);
    const buffer = this.#buffer;
    while (upper > 0) {
      buffer[at++] = (lower & 0x7f) | 0x80;
      lower = ((lower >>> 7) | (upper << 25)) >>> 0;
      upper >>>= 7;
    }
    for (; lower >= 0x80; lower >>>= 7) buffer[at++] = (lower & 0x7f) | 0x80;
    buffer[at++] = lower;
    this.#at = at;
  }

  /** A varint of 64 bits from an integer: a safe number, or a BigInt. Negative ones take ten bytes. */
  int64(value: number | bigint): void {
    if (typeof value === "number") return this.uint64(value, Math.floor(value / 4_294_967_296));
    this.uint64(Number(BigInt.asUintN(32, value)), Number(BigInt.asUintN(32, value >> 32n)));
  }

  textField(field: number, value: string): void {
    this.uint32(tagOf(field, LENGTH));
    if (value.length <= SHORT && this.#shortText(value)) return;
    const length = Buffer.byteLength(value);
    this.uint32(length);
    const at = this.#room(length);
    this.#buffer.write(value, at, length, length === value.length ? "latin1" : "utf8");
  }

  /** Writes a text of ASCII with its length: names are short, and a loop is faster than calls out of JavaScript. */
  #shortText(value: string): boolean {
    const { length } = value;
    const start = this.#at;
    let at = this.#room(length + 1);
    const buffer = this.#buffer;
    buffer[at++] = length;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code >= 0x80) {
        this.#at = start;
        return false;
      }
      buffer[at++] = code;
    }
    return true;
  }

  boolField(field: number, value: boolean): void {
    this.uint32(tagOf(field, VARINT));
    this.uint32(value ? 1 : 0);
  }

  int64Field(field: number, value: number | bigint): void {
    this.uint32(tagOf(field, VARINT));
    this.int64(value);
  }

  doubleField(field: number, value: number): void {
    this.uint32(tagOf(field, FIXED64));
    const at = this.#room(8);
    this.#buffer.writeDoubleLE(value, at);
  }

  /** Bytes, copied into the message. */
  blockField(field: number, bytes: Uint8Array): void {
    this.uint32(tagOf(field, LENGTH));
    this.uint32(bytes.length);
    const at = this.#room(bytes.length);
    this.#buffer.set(bytes, at);
  }

  /** Bytes of the message itself, not of one within: they may be sent from where they are. */
  rawField(field: number, bytes: Uint8Array): void {
    if (bytes.length <= INLINE_BYTES) return this.blockField(field, bytes);
    this.uint32(tagOf(field, LENGTH));
    this.uint32(bytes.length);
    this.#parts ??= [];
    this.#parts.push(this.#buffer.subarray(this.#from, this.#at), bytes);
    this.#from = this.#at;
    this.#partBytes += bytes.length;
  }

  /** Starts a message within the message. `end` takes what this gives. */
  begin(field: number): number {
    this.uint32(tagOf(field, LENGTH));
    return this.#room(1);
  }

  /** Ends it. One byte is kept for its length; where that takes more, what was written moves up. */
  end(lengthAt: number): void {
    const length = this.#at - lengthAt - 1;
    const more = sizeOfUint32(length) - 1;
    if (more > 0) {
      const end = this.#room(more);
      this.#buffer.copyWithin(lengthAt + 1 + more, lengthAt + 1, end);
    }
    let at = lengthAt;
    let rest = length;
    for (; rest >= 0x80; rest >>>= 7) this.#buffer[at++] = (rest & 0x7f) | 0x80;
    this.#buffer[at] = rest;
  }

  /** The message, its prefix written: not compressed. */
  finish(): EncodedMessage {
    const byteLength = this.#at + this.#partBytes - PREFIX_BYTES;
    const rest = this.#buffer.subarray(this.#from, this.#at);
    const parts = this.#parts;
    if (parts === undefined) {
      writePrefix(rest, 0, byteLength);
      return { head: rest, tail: NO_PARTS, byteLength };
    }
    const [head, ...tail] = parts as [Uint8Array, ...Uint8Array[]];
    writePrefix(head, 0, byteLength);
    if (rest.length > 0) tail.push(rest);
    return { head, tail, byteLength };
  }
}

/** Texts up to here are written letter by letter. Below 128, so that their length takes one byte. */
const SHORT = 40;
const NO_PARTS: readonly Uint8Array[] = [];
const MOST_VARINT_BYTES = 10;

function sizeOfUint32(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}

/**
 * Writes a message's prefix.
 * @param flag 1: the message is compressed
 */
export function writePrefix(target: Uint8Array, flag: 0 | 1, byteLength: number): void {
  target[0] = flag;
  target[1] = byteLength >>> 24;
  target[2] = byteLength >>> 16;
  target[3] = byteLength >>> 8;
  target[4] = byteLength;
}

/** A message as one block without its prefix, as files and tests have it. */
export function messageBytes({ head, tail }: EncodedMessage): Uint8Array {
  return Buffer.concat([head.subarray(PREFIX_BYTES), ...tail]);
}
