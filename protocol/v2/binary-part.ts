import { DATATYPE_ARRAY, DATATYPE_SIZE, type Datatype, type FixedDatatype } from "../../contract/datatype.ts";
import { describeValue } from "../../contract/describe.ts";
import { InvalidInput } from "../../contract/errors.ts";
import type { Tensor } from "../../contract/tensor.ts";
import { checkTensorSize } from "../elements/size.ts";
import type { DecodeLimits } from "../limits.ts";

/** The raw tensors behind a body's JSON, taken one after the other. */
export class BinaryPart {
  readonly #bytes: Uint8Array;
  #at = 0;

  /** @param bytes all that follows the JSON */
  constructor(bytes: Uint8Array) {
    // Not a Buffer, though the body may be one: its slice and toString would surprise whoever gets an element of BYTES.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /**
   * The next tensor's bytes, not copied.
   * @param size its `parameters.binary_data_size`
   * @param path of that size, for errors
   */
  take(size: unknown, path: string): Uint8Array {
    if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) {
      throw new InvalidInput(`expected a number of bytes, got ${describeValue(size)}`, { path });
    }
    const rest = this.#bytes.length - this.#at;
    if (size > rest) {
      throw new InvalidInput(`expected ${size} bytes, but the body has ${rest} left`, { path });
    }
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }

  /** @throws InvalidInput when bytes are left that no tensor has taken */
  end(): void {
    const rest = this.#bytes.length - this.#at;
    if (rest === 0) return;
    throw new InvalidInput(
      `the body has ${rest} bytes beyond its JSON and the tensors with parameters.binary_data_size`,
    );
  }
}

/**
 * Raw bytes as a tensor's data: little-endian, row-major. Shares their memory where they are aligned.
 * @param count elements of the shape
 * @throws InvalidInput when the bytes do not fit the count; KtsError KTS_BODY_TOO_LARGE
 */
export function decodeRaw(
  datatype: Datatype,
  bytes: Uint8Array,
  count: number,
  path: string,
  limits: DecodeLimits,
): Tensor["data"] {
  if (datatype === "BYTES") return decodeRawTexts(bytes, count, path, limits);
  const size = DATATYPE_SIZE[datatype];
  if (bytes.length !== count * size) {
    const expected = `${count * size} bytes (${count} elements of ${datatype})`;
    throw new InvalidInput(`expected ${expected}, got ${bytes.length}`, { path });
  }
  checkTensorSize(datatype, count, path, limits);
  if (datatype === "BOOL") checkFlags(bytes, path);
  const construct = DATATYPE_ARRAY[datatype as FixedDatatype];
  if (bytes.byteOffset % size === 0) {
    return new construct(bytes.buffer as ArrayBuffer, bytes.byteOffset, count);
  }
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return new construct(copy.buffer);
}

function checkFlags(bytes: Uint8Array, path: string): void {
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] as number;
    if (byte > 1) {
      throw new InvalidInput(`element ${index} of a BOOL tensor is ${byte}, expected 0 or 1`, { path });
    }
  }
}

/** Each element is its length, 4 bytes little-endian, and so many bytes. */
function decodeRawTexts(bytes: Uint8Array, count: number, path: string, limits: DecodeLimits): Uint8Array[] {
  if (count * 4 > bytes.length) throw tooShort(count, bytes.length, path);
  checkTensorSize("BYTES", count, path, limits);
  const elements = new Array<Uint8Array>(count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + 4 > bytes.length) throw tooShort(count, bytes.length, path);
    const length = view.getUint32(at, true);
    at += 4;
    if (length > bytes.length - at) {
      const problem = `element ${index} says it has ${length} bytes, but ${bytes.length - at} are left`;
      throw new InvalidInput(problem, { path });
    }
    elements[index] = bytes.subarray(at, at + length);
    at += length;
  }
  if (at < bytes.length) {
    const problem = `${bytes.length - at} bytes are left after the ${count} elements of the shape`;
    throw new InvalidInput(problem, { path });
  }
  return elements;
}

function tooShort(count: number, bytes: number, path: string): InvalidInput {
  return new InvalidInput(`${bytes} bytes are too few for ${count} BYTES elements`, { path });
}

/** A tensor's data as raw bytes. Shares its memory, except for BYTES. */
export function encodeRaw(data: Tensor["data"]): Uint8Array {
  if (!Array.isArray(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  let total = 0;
  for (const element of data) total += 4 + element.length;
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const element of data) {
    view.setUint32(at, element.length, true);
    bytes.set(element, at + 4);
    at += 4 + element.length;
  }
  return bytes;
}
