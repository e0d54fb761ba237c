import fc from "fast-check";
import { expect } from "vitest";
import { DATATYPES, DATATYPE_ARRAY, type Datatype, type FixedDatatype } from "../../contract/datatype.ts";
import { bf16ToNumber, fp16ToNumber } from "../../contract/half.ts";
import { type Tensor, elementCount } from "../../contract/tensor.ts";
import { anyText } from "../contract/texts.ts";

/** What a test lets tensors hold. */
export interface Contents {
  /** NaN and infinities, and bytes that are not UTF-8: what a binary tensor can say and JSON cannot. */
  readonly beyondJson: boolean;
}

/** A shape of up to four dimensions; scalars and empty ones too. */
export const shapes = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 });

const ALL_BITS = { min: 0, max: 0xffff };
const longs = (min: bigint, max: bigint) =>
  fc.oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max, 0n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n));

/** One element of a datatype, with its extremes often. */
function elementOf(datatype: Datatype, { beyondJson }: Contents): fc.Arbitrary<unknown> {
  const finite = { noNaN: !beyondJson, noDefaultInfinity: !beyondJson };
  switch (datatype) {
    case "BOOL":
      return fc.nat(1);
    case "UINT8":
      return fc.nat(0xff);
    case "UINT16":
      return fc.nat(0xffff);
    case "UINT32":
      return fc.nat(0xffff_ffff);
    case "UINT64":
      return longs(0n, 2n ** 64n - 1n);
    case "INT8":
      return fc.integer({ min: -(2 ** 7), max: 2 ** 7 - 1 });
    case "INT16":
      return fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 });
    case "INT32":
      return fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    case "INT64":
      return longs(-(2n ** 63n), 2n ** 63n - 1n);
    case "FP16":
      return fc.integer(ALL_BITS).filter((bits) => beyondJson || Number.isFinite(fp16ToNumber(bits)));
    case "BF16":
      return fc.integer(ALL_BITS).filter((bits) => beyondJson || Number.isFinite(bf16ToNumber(bits)));
    case "FP32":
      return fc.oneof(fc.float(finite), fc.constantFrom(-0, 2 ** -149, -(2 ** -126), 3.4028234663852886e38));
    case "FP64":
      return fc.oneof(fc.double(finite), fc.constantFrom(-0, 5e-324, Number.MAX_VALUE, 2 ** 53 + 2));
    case "BYTES":
      return beyondJson
        ? fc.uint8Array({ maxLength: 12 })
        : anyText({ maxLength: 6 }).map((text) => new TextEncoder().encode(text));
  }
}

/** A tensor of a datatype, of any shape. */
export function tensorOf(datatype: Datatype, contents: Contents): fc.Arbitrary<Tensor> {
  const element = elementOf(datatype, contents);
  return shapes.chain((shape) => {
    const count = elementCount(shape);
    return fc.array(element, { minLength: count, maxLength: count }).map((elements) => ({
      datatype,
      shape,
      data: datatype === "BYTES" ? (elements as Uint8Array[]) : fixedArray(datatype, elements),
    }));
  });
}

function fixedArray(datatype: FixedDatatype, elements: unknown[]): Exclude<Tensor["data"], Uint8Array[]> {
  return new DATATYPE_ARRAY[datatype](elements as number[] & bigint[]);
}

/** A tensor of any datatype, of any shape. */
export function anyTensor(contents: Contents): fc.Arbitrary<Tensor> {
  return fc.oneof(...DATATYPES.map((datatype) => tensorOf(datatype, contents)));
}

/** Expects the same datatype, shape and elements, bit by bit: -0 is not 0, and a NaN is that NaN. */
export function expectSame(got: Tensor, expected: Tensor): void {
  expect({ datatype: got.datatype, shape: got.shape }).toEqual({
    datatype: expected.datatype,
    shape: expected.shape,
  });
  expect(got.data.constructor).toBe(expected.data.constructor);
  expect(bits(got)).toEqual(bits(expected));
}

function bits({ data }: Tensor): Buffer[] {
  return (Array.isArray(data) ? data : [data]).map((part) =>
    Buffer.from(part.buffer, part.byteOffset, part.byteLength),
  );
}
