import type { Tensor } from "../../contract/tensor.ts";
import { encodeRaw } from "../v2/binary-part.ts";
import { CONTENTS_FIELD } from "./typed-contents.ts";
import type { ProtoWriter } from "./wire-writer.ts";

/** Whether every tensor can go in typed contents; FP16 and BF16 cannot. */
export function fitTyped(tensors: readonly Tensor[]): boolean {
  return tensors.every(({ datatype }) => CONTENTS_FIELD[datatype] !== undefined);
}

/**
 * Writes a tensor's `contents`. Numbers are packed.
 * @param field of `contents` within the tensor
 */
export function writeTyped(writer: ProtoWriter, field: number, { datatype, data }: Tensor): void {
  const list = CONTENTS_FIELD[datatype];
  if (list === undefined || data.length === 0) return;
  const contents = writer.begin(field);
  if (Array.isArray(data)) {
    for (const element of data) writer.blockField(list.number, element);
  } else if (datatype === "FP32" || datatype === "FP64") {
    writer.blockField(list.number, encodeRaw(data));
  } else {
    const packed = writer.begin(list.number);
    writeIntegers(writer, data);
    writer.end(packed);
  }
  writer.end(contents);
}

function writeIntegers(writer: ProtoWriter, data: Exclude<Tensor["data"], Uint8Array[]>): void {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    const { buffer, byteOffset, length } = data;
    const halves = new Int32Array(buffer, byteOffset, length * 2);
    for (let at = 0; at < halves.length; at += 2) {
      writer.uint64(halves[at] as number, halves[at + 1] as number);
    }
    return;
  }
  for (let at = 0; at < data.length; at++) {
    const value = data[at] as number;
    if (value >= 0) writer.uint32(value);
    else writer.uint64(value, -1);
  }
}
