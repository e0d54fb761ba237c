import { InvalidInput } from "./errors.ts";
import { bf16ToNumber, fp16ToNumber, numberToBf16, numberToFp16 } from "./half-bits.ts";
import { type Tensor, tensor } from "./tensor.ts";

export { bf16ToNumber, fp16ToNumber, numberToBf16, numberToFp16 };

/**
 * The elements of a tensor as FP32, for computing with FP16 and BF16 (exact for both).
 * @throws InvalidInput for BYTES, INT64 and UINT64, which FP32 cannot hold
 */
export function toFloat32({ datatype, data }: Tensor): Float32Array {
  if (data instanceof Float32Array) return data;
  if (datatype === "FP16") return Float32Array.from(data as Uint16Array, fp16ToNumber);
  if (datatype === "BF16") return Float32Array.from(data as Uint16Array, bf16ToNumber);
  if (datatype === "BYTES" || datatype === "INT64" || datatype === "UINT64") {
    throw new InvalidInput(`a tensor of ${datatype} cannot become FP32 without loss`);
  }
  return Float32Array.from(data as Float64Array);
}

/**
 * A tensor of FP16 or BF16 with the values nearest to the given numbers.
 * @throws InvalidInput when they do not fill the shape
 */
export function fromFloat32<D extends "FP16" | "BF16">(
  datatype: D,
  shape: readonly number[],
  values: ArrayLike<number>,
): Tensor<D> {
  const halves = Uint16Array.from(values, datatype === "FP16" ? numberToFp16 : numberToBf16);
  return tensor<"FP16" | "BF16">(datatype, shape, halves) as Tensor<D>;
}
