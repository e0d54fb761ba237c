/** One field of a protobuf message: its number, and its value as a varint or as bytes. Fixed-size values are skipped. */
export interface ProtobufField {
  readonly number: number;
  /** Of a varint; negative numbers as their two's complement in 64 bits. 0 for bytes. */
  readonly varint: bigint;
  /** Of a length-delimited field: a nested message, a string or bytes. Empty for a varint. */
  readonly bytes: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);

/**
 * The fields of a protobuf message, in their order. Enough to read a model's signature without the libraries that
 * the model needs to run.
 * @throws RangeError when the bytes are no whole message
 */
export function* protobufFields(message: Uint8Array): Generator<ProtobufField> {
  const reader = new Reader(message);
  while (!reader.atEnd) {
    const tag = Number(reader.varint());
    const number = Math.floor(tag / 8);
    if (number === 0) throw new RangeError("a field with the number 0");
    switch (tag % 8) {
      case 0:
        yield { number, varint: reader.varint(), bytes: NO_BYTES };
        break;
      case 1:
        reader.take(8);
        break;
      case 2:
        yield { number, varint: 0n, bytes: reader.take(Number(reader.varint())) };
        break;
      case 5:
        reader.take(4);
        break;
      default:
        throw new RangeError(`a field of the unknown wire type ${tag % 8}`);
    }
  }
}

/** The bytes of each field of a number: repeated messages or strings. */
export function protobufMessages(message: Uint8Array, number: number): Uint8Array[] {
  return [...protobufFields(message)].filter((field) => field.number === number).map(({ bytes }) => bytes);
}

/** The last field of a number, which is the one that counts; undefined where there is none. */
export function protobufField(message: Uint8Array, number: number): ProtobufField | undefined {
  let last: ProtobufField | undefined;
  for (const field of protobufFields(message)) if (field.number === number) last = field;
  return last;
}

const decoder = new TextDecoder();

/** A string field's text; empty where there is none. */
export function protobufText(message: Uint8Array, number: number): string {
  return decoder.decode(protobufField(message, number)?.bytes);
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError("a number that does not end");
  }

  take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError("a field that does not end");
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}
