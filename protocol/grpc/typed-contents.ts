import { DATATYPE_ARRAY, type Datatype, type FixedDatatype } from "../../contract/datatype.ts";
import { InvalidInput } from "../../contract/errors.ts";
import type { Tensor } from "../../contract/tensor.ts";
import { checkTensorSize } from "../elements/size.ts";
import type { DecodeLimits } from "../limits.ts";
import { FIXED32, FIXED64, LENGTH, ProtoReader, VARINT, tagOf } from "./wire-reader.ts";

/** A list of InferTensorContents. */
interface ContentsField {
  readonly number: number;
  readonly name: string;
  /** How an element is written where the list is not packed. */
  readonly wireType: number;
}

const FIELDS = {
  bool: { number: 1, name: "bool_contents", wireType: VARINT },
  int: { number: 2, name: "int_contents", wireType: VARINT },
  int64: { number: 3, name: "int64_contents", wireType: VARINT },
  uint: { number: 4, name: "uint_contents", wireType: VARINT },
  uint64: { number: 5, name: "uint64_contents", wireType: VARINT },
  fp32: { number: 6, name: "fp32_contents", wireType: FIXED32 },
  fp64: { number: 7, name: "fp64_contents", wireType: FIXED64 },
  bytes: { number: 8, name: "bytes_contents", wireType: LENGTH },
} as const satisfies Record<string, ContentsField>;

const BY_NUMBER: readonly (ContentsField | undefined)[] = [undefined, ...Object.values(FIELDS)];

/** The list each datatype's elements are in; undefined: it can only be sent raw. */
export const CONTENTS_FIELD: Readonly<Record<Datatype, ContentsField | undefined>> = {
  BOOL: FIELDS.bool,
  UINT8: FIELDS.uint,
  UINT16: FIELDS.uint,
  UINT32: FIELDS.uint,
  UINT64: FIELDS.uint64,
  INT8: FIELDS.int,
  INT16: FIELDS.int,
  INT32: FIELDS.int,
  INT64: FIELDS.int64,
  FP16: undefined,
  BF16: undefined,
  FP32: FIELDS.fp32,
  FP64: FIELDS.fp64,
  BYTES: FIELDS.bytes,
};

/** A tensor whose elements are typed. */
export interface TypedTensor {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  /** Elements of the shape. */
  readonly count: number;
  /** Its `contents`, which protobuf allows to come in several parts. */
  readonly contents: readonly ProtoReader[];
  /** `inputs[2]` or `outputs[2]`. */
  readonly path: string;
}

/**
 * The elements of a tensor from its typed contents, packed or not.
 * @throws InvalidInput when they are not the datatype's, or not as many as the shape has; KtsError KTS_BODY_TOO_LARGE
 */
export function readTyped(tensor: TypedTensor, limits: DecodeLimits): Tensor["data"] {
  const { datatype, shape, count, contents, path } = tensor;
  const field = CONTENTS_FIELD[datatype];
  if (field === undefined) {
    throw new InvalidInput(`${datatype} has no typed contents, expected raw contents`, {
      path: `${path}.contents`,
    });
  }
  const found = countElements(contents, field, tensor);
  if (found !== count) {
    const problem = `expected ${count} elements for shape [${shape.join(", ")}], got ${found}`;
    throw new InvalidInput(problem, { path: `${path}.contents.${field.name}` });
  }
  checkTensorSize(datatype, count, `${path}.contents`, limits);
  if (datatype === "BYTES") return readTexts(contents, count);
  const store = new ElementReader(datatype, count, `${path}.contents.${field.name}`);
  for (const part of contents) store.readAll(part, field);
  return store.data;
}

/** Counts before anything is allocated, so that a small message cannot ask for much memory. */
function countElements(
  contents: readonly ProtoReader[],
  field: ContentsField,
  { datatype, path }: TypedTensor,
): number {
  let count = 0;
  for (const part of contents) {
    const reader = new ProtoReader(part.bytes, part.at, part.end);
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      const own = tag >>> 3 === field.number;
      const other = own ? undefined : BY_NUMBER[tag >>> 3];
      if (own && tag === tagOf(field.number, LENGTH) && field !== FIELDS.bytes) {
        count += countPacked(reader.message(), field, path);
        continue;
      }
      if (own && (tag & 7) === field.wireType) count++;
      const before = reader.at;
      reader.skip(tag);
      // A packed list that is empty is one byte, its length, and says nothing.
      if (other !== undefined && !((tag & 7) === LENGTH && reader.at - before === 1 && other.number !== 8)) {
        throw new InvalidInput(`expected ${field.name} for ${datatype}, got ${other.name}`, {
          path: `${path}.contents`,
        });
      }
    }
  }
  return count;
}

function countPacked(list: ProtoReader, field: ContentsField, path: string): number {
  const bytes = list.end - list.at;
  if (field.wireType === VARINT) {
    let count = 0;
    // Each number ends with the one byte whose highest bit is not set.
    for (let at = list.at; at < list.end; at++) if ((list.bytes[at] as number) < 0x80) count++;
    return count;
  }
  const size = field.wireType === FIXED32 ? 4 : 8;
  if (bytes % size === 0) return bytes / size;
  throw new InvalidInput(`${bytes} bytes are no list of elements of ${size} bytes`, {
    path: `${path}.contents.${field.name}`,
  });
}

function readTexts(contents: readonly ProtoReader[], count: number): Uint8Array[] {
  const elements = new Array<Uint8Array>(count);
  let at = 0;
  for (const part of contents) {
    for (let tag = part.tag(); tag !== 0; tag = part.tag()) {
      if (tag === tagOf(FIELDS.bytes.number, LENGTH)) elements[at++] = part.block();
      else part.skip(tag);
    }
  }
  return elements;
}

/** Puts elements of a fixed size into an array of theirs. */
class ElementReader {
  readonly data: Exclude<Tensor["data"], Uint8Array[]>;
  readonly #datatype: Datatype;
  readonly #path: string;
  /** The array's memory as halves of its 64-bit elements, or as bytes. */
  readonly #halves: Int32Array | undefined;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(datatype: FixedDatatype, count: number, path: string) {
    this.data = new DATATYPE_ARRAY[datatype](count);
    this.#datatype = datatype;
    this.#path = path;
    const { buffer } = this.data;
    this.#bytes = new Uint8Array(buffer);
    this.#halves = datatype === "INT64" || datatype === "UINT64" ? new Int32Array(buffer) : undefined;
  }

  readAll(part: ProtoReader, field: ContentsField): void {
    const single = tagOf(field.number, field.wireType);
    const packed = tagOf(field.number, LENGTH);
    for (let tag = part.tag(); tag !== 0; tag = part.tag()) {
      if (tag === packed) this.#readPacked(part.message(), field);
      else if (tag === single) this.#readOne(part, field);
      else part.skip(tag);
    }
  }

  #readPacked(list: ProtoReader, field: ContentsField): void {
    if (field.wireType === VARINT) {
      while (list.at < list.end) this.#readInteger(list);
      return;
    }
    const { BYTES_PER_ELEMENT } = this.data;
    this.#bytes.set(list.bytes.subarray(list.at, list.end), this.#at * BYTES_PER_ELEMENT);
    this.#at += (list.end - list.at) / BYTES_PER_ELEMENT;
  }

  #readOne(part: ProtoReader, field: ContentsField): void {
    if (field.wireType === VARINT) this.#readInteger(part);
    else this.data[this.#at++] = field.wireType === FIXED32 ? part.float() : part.double();
  }

  #readInteger(list: ProtoReader): void {
    list.varint();
    const { low, high } = list;
    const at = this.#at++;
    if (this.#halves !== undefined) {
      this.#halves[2 * at] = low;
      this.#halves[2 * at + 1] = high;
      return;
    }
    if (this.#datatype === "BOOL") {
      this.data[at] = low !== 0 || high !== 0 ? 1 : 0;
      return;
    }
    const unsigned = this.#datatype.startsWith("U");
    const value = unsigned ? low >>> 0 : low;
    this.data[at] = value;
    if (this.data[at] !== value) {
      throw new InvalidInput(`element ${at} is ${value}, which ${this.#datatype} does not hold`, {
        path: this.#path,
      });
    }
  }
}
