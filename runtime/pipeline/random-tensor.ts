import { DATATYPE_ARRAY, type Datatype } from "../../contract/datatype.ts";
import { numberToBf16, numberToFp16 } from "../../contract/half.ts";
import { type Tensor, elementCount } from "../../contract/tensor.ts";

/** Small enough to be an index into any table. */
const MOST_INTEGER = 4;
const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/**
 * A tensor of random elements that a model is likely to take: numbers from -scale to scale, integers that could be
 * indices, bytes that could be pixels, short words.
 */
export function randomTensor(
  datatype: Datatype,
  shape: readonly number[],
  random: () => number,
  scale: number,
): Tensor {
  const count = elementCount(shape);
  if (datatype === "BYTES") {
    const data = Array.from({ length: count }, () => Buffer.from(randomWord(random)));
    return { datatype, shape, data };
  }
  const next = generator(datatype, random, scale);
  const data = new DATATYPE_ARRAY[datatype](count) as Float32Array;
  for (let at = 0; at < count; at++) data[at] = next() as number;
  return { datatype, shape, data };
}

function generator(
  datatype: Exclude<Datatype, "BYTES">,
  random: () => number,
  scale: number,
): () => number | bigint {
  const number = () => (random() * 2 - 1) * scale;
  switch (datatype) {
    case "FP32":
    case "FP64":
      return number;
    case "FP16":
      return () => numberToFp16(number());
    case "BF16":
      return () => numberToBf16(number());
    case "BOOL":
      return () => Number(random() < 0.5);
    case "UINT8":
      return () => Math.floor(random() * 256);
    case "INT64":
    case "UINT64":
      return () => BigInt(Math.floor(random() * MOST_INTEGER));
    default:
      return () => Math.floor(random() * MOST_INTEGER);
  }
}

function randomWord(random: () => number): string {
  const length = 1 + Math.floor(random() * 3);
  return Array.from({ length }, () => LETTERS[Math.floor(random() * LETTERS.length)]).join("");
}
