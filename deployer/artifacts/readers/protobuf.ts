import { ByteReader, type ByteSource, CutShort } from "./byte-reader.ts";

/** A field of a protobuf message: a number, or where its bytes lie. Fixed-size numbers are passed over. */
export interface ProtobufField {
  readonly number: number;
  /** Of a varint; 0 for bytes. Beyond 2^53 it is not exact. */
  readonly value: number;
  /** Of a message, a text or bytes. */
  readonly message: ProtobufMessage | undefined;
}

/** The bytes are no protobuf message. */
export class NotProtobuf extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NotProtobuf";
  }
}

/**
 * A protobuf message in a file, read as it is asked for, so that gigabytes of weights are passed over.
 * Every method throws CutShort where a field ends beyond the message, and NotProtobuf where there is no field.
 */
export class ProtobufMessage {
  readonly #source: ByteSource;
  readonly #start: number;
  readonly #end: number;

  constructor(source: ByteSource, start = 0, end = source.sizeBytes) {
    this.#source = source;
    this.#start = start;
    this.#end = end;
  }

  get sizeBytes(): number {
    return this.#end - this.#start;
  }

  /** All fields, in their order. */
  *fields(): Generator<ProtobufField> {
    const reader = new ByteReader(this.#source, this.#start, this.#end);
    while (!reader.atEnd) {
      const at = reader.position;
      const tag = varint(reader);
      const number = Math.floor(tag / 8);
      const wireType = tag % 8;
      if (number === 0 || number > 0x1fff_ffff) throw new NotProtobuf(`byte ${at} begins no field`);
      if (wireType === 0) {
        yield { number, value: varint(reader), message: undefined };
      } else if (wireType === 2) {
        const length = varint(reader);
        const start = reader.position;
        reader.skip(length);
        yield { number, value: 0, message: new ProtobufMessage(this.#source, start, start + length) };
      } else if (wireType === 1 || wireType === 5) {
        reader.skip(wireType === 1 ? 8 : 4);
      } else {
        throw new NotProtobuf(`byte ${at} begins no field (wire type ${wireType})`);
      }
    }
  }

  /** The messages of a field that may be repeated. */
  messages(number: number): ProtobufMessage[] {
    const found: ProtobufMessage[] = [];
    for (const field of this.fields()) {
      if (field.number === number && field.message !== undefined) found.push(field.message);
    }
    return found;
  }

  /** The message of a field; the last one counts. */
  message(number: number): ProtobufMessage | undefined {
    return this.messages(number).at(-1);
  }

  /** A text field; empty where there is none. */
  text(number: number): string {
    return this.message(number)?.asText() ?? "";
  }

  /** A number field; undefined where there is none. */
  value(number: number): number | undefined {
    let found: number | undefined;
    for (const field of this.fields()) {
      if (field.number === number && field.message === undefined) found = field.value;
    }
    return found;
  }

  /** The bytes as a text. */
  asText(): string {
    return this.#source.readAt(this.#start, Math.min(this.sizeBytes, 4096)).toString("utf8");
  }
}

function varint(reader: ByteReader): number {
  let value = 0;
  for (let factor = 1, count = 0; count < 10; factor *= 128, count++) {
    const byte = reader.byte();
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
  }
  throw new CutShort("a number does not end");
}
