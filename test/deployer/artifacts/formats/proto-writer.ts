/** Writes protobuf messages for tests, field by field. */
export class ProtoWriter {
  readonly #bytes: number[] = [];

  number(field: number, value: number): this {
    this.#varint(field * 8);
    this.#varint(value);
    return this;
  }

  text(field: number, value: string): this {
    return this.#lengthDelimited(field, Buffer.from(value));
  }

  message(field: number, value: ProtoWriter): this {
    return this.#lengthDelimited(field, value.bytes());
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  #lengthDelimited(field: number, bytes: Uint8Array): this {
    this.#varint(field * 8 + 2);
    this.#varint(bytes.length);
    this.#bytes.push(...bytes);
    return this;
  }

  #varint(value: number): void {
    for (; value > 127; value = Math.floor(value / 128)) this.#bytes.push((value % 128) | 0x80);
    this.#bytes.push(value);
  }
}
