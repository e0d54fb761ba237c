/**
 * Stands in front of a digits model on another server: takes grey images of any size, sends the model the 28 x 28 pixels
 * it knows, and answers with the digit and how sure the model is.
 */
import { definePredictor, InvalidInput, tensor, toFloat32 } from "kserve-ts";
import { z } from "zod";

const SIDE = 28;

const image = z.object({
  width: z.int().min(SIDE),
  height: z.int().min(SIDE),
  /** Base64 of one byte a pixel, row by row; white on black. */
  pixels: z.base64(),
});

export default definePredictor({
  instance: image,

  preProcess({ instances }) {
    const pixels = new Float32Array(instances.length * SIDE * SIDE);
    instances.forEach((instance, index) => {
      pixels.set(shrink(instance, `instances[${index}]`), index * SIDE * SIDE);
    });
    return { pixels: tensor("FP32", [instances.length, 1, SIDE, SIDE], pixels) };
  },

  /** No predict: the tensors go to the server that --predictor_host names, and its outputs come here. */
  postProcess({ logits }) {
    if (logits === undefined) throw new Error("the model has no output named logits");
    const all = toFloat32(logits);
    return Array.from({ length: all.length / 10 }, (_, row) => best(all.subarray(row * 10, row * 10 + 10)));
  },
});

/** Each of the 28 x 28 pixels is the mean of those of the image that it covers. */
function shrink({ width, height, pixels }: z.infer<typeof image>, path: string): Float32Array {
  const bytes = Buffer.from(pixels, "base64");
  if (bytes.length !== width * height) {
    throw new InvalidInput(`expected ${width} x ${height} bytes, got ${bytes.length}`, {
      path: `${path}.pixels`,
    });
  }
  const start = (at: number, length: number) => Math.floor((at * length) / SIDE);
  return Float32Array.from({ length: SIDE * SIDE }, (_, at) => {
    const [row, column] = [Math.floor(at / SIDE), at % SIDE];
    let sum = 0;
    let count = 0;
    for (let y = start(row, height); y < start(row + 1, height); y++) {
      for (let x = start(column, width); x < start(column + 1, width); x++, count++) {
        sum += bytes[y * width + x] ?? 0;
      }
    }
    return sum / count;
  });
}

/** The digit with the largest logit, and its softmax. */
function best(logits: Float32Array): { digit: number; confidence: number } {
  const largest = Math.max(...logits);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - largest), 0);
  return { digit: logits.indexOf(largest), confidence: 1 / sum };
}
