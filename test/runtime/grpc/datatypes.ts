import { DATATYPES, type Datatype } from "../../../contract/datatype.ts";
import { encodeTexts } from "../../../protocol/elements/text.ts";
import { encodeRaw } from "../../../protocol/v2/binary-part.ts";
import type { Tensor } from "../../../contract/tensor.ts";

/** Elements of a datatype at its ends. */
export interface Sample {
  readonly datatype: Datatype;
  /** As they are in raw contents. */
  readonly raw: Buffer;
  /** As a client sends and gets them typed; undefined where there is no such form. */
  readonly typed: Readonly<Record<string, readonly unknown[]>> | undefined;
  readonly count: number;
}

const DATA: Readonly<Record<Datatype, Tensor["data"]>> = {
  BOOL: Uint8Array.of(0, 1, 1),
  UINT8: Uint8Array.of(0, 1, 255),
  UINT16: Uint16Array.of(0, 128, 65_535),
  UINT32: Uint32Array.of(0, 1, 4_294_967_295),
  UINT64: BigUint64Array.of(0n, 2n ** 32n, 2n ** 64n - 1n),
  INT8: Int8Array.of(-128, 0, 127),
  INT16: Int16Array.of(-32_768, -1, 32_767),
  INT32: Int32Array.of(-2_147_483_648, -1, 2_147_483_647),
  INT64: BigInt64Array.of(-(2n ** 63n), -1n, 2n ** 63n - 1n),
  FP16: Uint16Array.of(0x3c00, 0xfbff, 0x7e00),
  BF16: Uint16Array.of(0x3f80, 0xff7f, 0x7fc0),
  FP32: Float32Array.of(-0, 0.1, Infinity),
  FP64: Float64Array.of(-0, 0.1, -Infinity),
  BYTES: encodeTexts(["", "größer", Uint8Array.of(0xff, 0)]),
};

const FIELD: Readonly<Partial<Record<Datatype, string>>> = {
  BOOL: "bool_contents",
  UINT8: "uint_contents",
  UINT16: "uint_contents",
  UINT32: "uint_contents",
  UINT64: "uint64_contents",
  INT8: "int_contents",
  INT16: "int_contents",
  INT32: "int_contents",
  INT64: "int64_contents",
  FP32: "fp32_contents",
  FP64: "fp64_contents",
  BYTES: "bytes_contents",
};

/** One sample of every datatype. */
export const SAMPLES: readonly Sample[] = DATATYPES.map((datatype) => {
  const data = DATA[datatype];
  const field = FIELD[datatype];
  const values = Array.from(data as ArrayLike<unknown>, (value) => {
    if (typeof value === "bigint") return String(value);
    if (value instanceof Uint8Array) return Buffer.from(value);
    return datatype === "BOOL" ? value === 1 : value;
  });
  return {
    datatype,
    raw: Buffer.from(encodeRaw(data)),
    typed: field === undefined ? undefined : { [field]: values },
    count: data.length,
  };
});
