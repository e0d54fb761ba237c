import { InvalidInput } from "../../contract/errors.ts";
import { decodeUtf8 } from "../elements/text.ts";

/** How a field's value is written: the low three bits of its tag. Groups (3 and 4) are long obsolete. */
export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH = 2;
export const FIXED32 = 5;

const GROUP_START = 3;
const GROUP_END = 4;
const DEEPEST_GROUP = 32;
const MOST_VARINT_BYTES = 10;
const TWO_32 = 4_294_967_296;

/** A number that is its field and the way its value is written. */
export function tagOf(field: number, wireType: number): number {
  return field * 8 + wireType;
}

/**
 * Reads protobuf's wire format, value by value. Never beyond its end, and what is not protobuf is an `InvalidInput`.
 * Specification: protobuf.dev, "Encoding".
 */
export class ProtoReader {
  readonly bytes: Uint8Array;
  /** Where the next value starts. */
  at: number;
  readonly end: number;
  /** The lower and upper half of the varint read last. */
  low = 0;
  high = 0;

  constructor(bytes: Uint8Array, at = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  /** The next field's tag; 0 at the end. */
  tag(): number {
    if (this.at === this.end) return 0;
    const tag = this.uint32();
    if (tag < 8) throw notProtobuf("there is no field 0");
    return tag;
  }

  /** A tag or a length: a varint of at most 32 bits. */
  uint32(): number {
    const byte = this.at < this.end ? (this.bytes[this.at] as number) : 0x80;
    if (byte < 0x80) {
      this.at++;
      return byte;
    }
    this.varint();
    if (this.high !== 0) throw notProtobuf("a tag or length has more than 32 bits");
    return this.low >>> 0;
  }

  /** A varint into `low` and `high`. */
  varint(): void {
    const { bytes, end } = this;
    let low = 0;
    let high = 0;
    for (let index = 0; index < MOST_VARINT_BYTES; index++) {
      if (this.at === end) throw notProtobuf("it ends within a number");
      const byte = bytes[this.at++] as number;
      const bits = byte & 0x7f;
      // Bits 28 to 31 are in the lower half, 32 to 34 of the same byte in the upper.
      if (index < 5) low |= bits << (7 * index);
      if (index === 4) high = bits >>> 4;
      else if (index > 4) high |= bits << (7 * index - 32);
      if (byte < 0x80) {
        this.low = low;
        this.high = high;
        return;
      }
    }
    throw notProtobuf("a number has more than 10 bytes");
  }

  bool(): boolean {
    this.varint();
    return this.low !== 0 || this.high !== 0;
  }

  /** A varint as a signed number; not exact beyond 2^53. */
  int64(): number {
    this.varint();
    return this.high * TWO_32 + (this.low >>> 0);
  }

  /** A varint as an unsigned number; not exact beyond 2^53. */
  uint64(): number {
    this.varint();
    return (this.high >>> 0) * TWO_32 + (this.low >>> 0);
  }

  double(): number {
    const at = this.#take(8);
    return new DataView(this.bytes.buffer, this.bytes.byteOffset + at, 8).getFloat64(0, true);
  }

  float(): number {
    const at = this.#take(4);
    return new DataView(this.bytes.buffer, this.bytes.byteOffset + at, 4).getFloat32(0, true);
  }

  /** A length and so many bytes, as a view. */
  block(): Uint8Array {
    const length = this.uint32();
    const at = this.#take(length);
    return this.bytes.subarray(at, at + length);
  }

  /** A length and so many bytes, to be read. */
  message(): ProtoReader {
    const length = this.uint32();
    const at = this.#take(length);
    return new ProtoReader(this.bytes, at, at + length);
  }

  /**
   * A length and so many bytes of UTF-8.
   * @param path of the field, for the error
   */
  text(path: string): string {
    const length = this.uint32();
    const at = this.#take(length);
    const text = length <= SHORT ? asciiText(this.bytes, at, at + length) : undefined;
    if (text !== undefined) return text;
    const decoded = decodeUtf8(this.bytes.subarray(at, at + length));
    if (decoded !== undefined) return decoded;
    throw new InvalidInput("expected UTF-8 text", path === "" ? {} : { path });
  }

  /** Passes over the value of a field that is not known. */
  skip(tag: number, depth = 0): void {
    switch (tag & 7) {
      case VARINT:
        return this.varint();
      case FIXED64:
        this.#take(8);
        return;
      case LENGTH:
        this.#take(this.uint32());
        return;
      case FIXED32:
        this.#take(4);
        return;
      case GROUP_START:
        return this.#skipGroup(tag - GROUP_START + GROUP_END, depth);
      default:
        throw notProtobuf(`field ${tag >>> 3} has the unknown wire type ${tag & 7}`);
    }
  }

  #skipGroup(endTag: number, depth: number): void {
    if (depth === DEEPEST_GROUP) throw notProtobuf(`its groups nest deeper than ${DEEPEST_GROUP} levels`);
    for (let tag = this.tag(); tag !== endTag; tag = this.tag()) {
      if (tag === 0) throw notProtobuf("it ends within a group");
      this.skip(tag, depth + 1);
    }
  }

  #take(length: number): number {
    const { at } = this;
    if (length > this.end - at) {
      throw notProtobuf(`a field has ${length} bytes, but ${this.end - at} are left`);
    }
    this.at = at + length;
    return at;
  }
}

/** Names and datatypes are short and ASCII: for them a loop is several times as fast as a decoder. */
const SHORT = 24;

function asciiText(bytes: Uint8Array, from: number, to: number): string | undefined {
  let text = "";
  for (let at = from; at < to; at++) {
    const code = bytes[at] as number;
    if (code >= 0x80) return undefined;
    text += String.fromCharCode(code);
  }
  return text;
}

function notProtobuf(problem: string): InvalidInput {
  return new InvalidInput(`the message is not protobuf: ${problem}`);
}
