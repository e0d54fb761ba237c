import { bf16ToNumber, fp16ToNumber, numberToBf16, numberToFp16 } from "../../../contract/half-bits.ts";
import { type Leaf, type Tensor, compactJson, countOf, isObject, parseJson } from "./values.ts";

type Reader = (view: DataView, at: number) => Leaf;
type Writer = (view: DataView, at: number, value: Leaf) => void;

/** The datatypes whose elements all have one size: bytes, how they are read, how written. Little-endian. */
const FIXED: Readonly<Record<string, readonly [size: number, read: Reader, write: Writer]>> = {
  BOOL: [1, (view, at) => view.getUint8(at) !== 0, (view, at, value) => view.setUint8(at, Number(value))],
  UINT8: [1, (view, at) => view.getUint8(at), (view, at, value) => view.setUint8(at, Number(value))],
  INT8: [1, (view, at) => view.getInt8(at), (view, at, value) => view.setInt8(at, Number(value))],
  UINT16: [
    2,
    (view, at) => view.getUint16(at, true),
    (view, at, value) => view.setUint16(at, Number(value), true),
  ],
  INT16: [
    2,
    (view, at) => view.getInt16(at, true),
    (view, at, value) => view.setInt16(at, Number(value), true),
  ],
  UINT32: [
    4,
    (view, at) => view.getUint32(at, true),
    (view, at, value) => view.setUint32(at, Number(value), true),
  ],
  INT32: [
    4,
    (view, at) => view.getInt32(at, true),
    (view, at, value) => view.setInt32(at, Number(value), true),
  ],
  UINT64: [
    8,
    (view, at) => exact(view.getBigUint64(at, true)),
    (view, at, value) => view.setBigUint64(at, BigInt(value ?? 0), true),
  ],
  INT64: [
    8,
    (view, at) => exact(view.getBigInt64(at, true)),
    (view, at, value) => view.setBigInt64(at, BigInt(value ?? 0), true),
  ],
  FP16: [
    2,
    (view, at) => fp16ToNumber(view.getUint16(at, true)),
    (view, at, value) => view.setUint16(at, numberToFp16(Number(value)), true),
  ],
  BF16: [
    2,
    (view, at) => bf16ToNumber(view.getUint16(at, true)),
    (view, at, value) => view.setUint16(at, numberToBf16(Number(value)), true),
  ],
  FP32: [
    4,
    (view, at) => view.getFloat32(at, true),
    (view, at, value) => view.setFloat32(at, Number(value), true),
  ],
  FP64: [
    8,
    (view, at) => view.getFloat64(at, true),
    (view, at, value) => view.setFloat64(at, Number(value), true),
  ],
};

/** A V2 body of the binary tensor extension. */
export interface BinaryBody {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bytes of the JSON in front. */
  readonly jsonLength: number;
}

/** Writes a request with its tensors in binary form, which asks for such an answer. */
export function encodeBinary(tensors: readonly Tensor[]): BinaryBody {
  const parts = tensors.map(encodeTensor);
  const inputs = tensors.map(({ name, datatype, shape }, index) => ({
    name,
    datatype,
    shape,
    parameters: { binary_data_size: parts[index]?.length },
  }));
  const head = new TextEncoder().encode(compactJson({ inputs, parameters: { binary_data_output: true } }));
  return { bytes: joined([head, ...parts]), jsonLength: head.length };
}

/** Reads an answer: its JSON, each tensor's elements in place of its bytes. */
export function decodeBinary(bytes: Uint8Array, jsonLength: number): unknown {
  const body = parseJson(new TextDecoder().decode(bytes.subarray(0, jsonLength)));
  if (!isObject(body) || !Array.isArray(body["outputs"])) return body;
  let at = jsonLength;
  const outputs = body["outputs"].map((output: unknown) => {
    const parameters = isObject(output) ? output["parameters"] : undefined;
    const size = isObject(parameters) ? parameters["binary_data_size"] : undefined;
    if (!isObject(output) || typeof size !== "number") return output;
    const data = decodeElements(bytes.subarray(at, at + size), String(output["datatype"]));
    at += size;
    return { ...output, parameters: undefined, data };
  });
  return { ...body, outputs };
}

function encodeTensor({ datatype, shape, data }: Tensor): Uint8Array<ArrayBuffer> {
  const fixed = FIXED[datatype];
  if (fixed === undefined) return joined(data.flatMap((text) => lengthed(String(text))));
  const [size, , write] = fixed;
  const view = new DataView(new ArrayBuffer(size * countOf(shape)));
  data.forEach((value, index) => write(view, index * size, value));
  return new Uint8Array(view.buffer);
}

function decodeElements(bytes: Uint8Array, datatype: string): Leaf[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fixed = FIXED[datatype];
  if (fixed !== undefined) {
    const [size, read] = fixed;
    return Array.from({ length: bytes.length / size }, (_, index) => read(view, index * size));
  }
  const texts: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = view.getUint32(at, true);
    texts.push(new TextDecoder().decode(bytes.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return texts;
}

/** An element of BYTES: its length and itself. */
function lengthed(text: string): Uint8Array[] {
  const bytes = new TextEncoder().encode(text);
  const head = new Uint8Array(4);
  new DataView(head.buffer).setUint32(0, bytes.length, true);
  return [head, bytes];
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function exact(value: bigint): Leaf {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
