import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ONNX_FLOAT, buildOnnx } from "../../test/runtime/engines/onnx-builder.ts";
import { createRandom } from "../load/random.ts";

/** Pixels of an image, its only input. */
export const MLP_INPUTS = 784;
const HIDDEN = 512;
const CLASSES = 10;

/**
 * Writes a small dense model (784-512-10, with weights that are random, but the same each time): the kind that gains
 * most by batching.
 * @returns the path of its model.onnx
 */
export function writeMlp(folder: string): string {
  const random = createRandom(3);
  const weights = (rows: number, columns: number) => ({
    shape: [rows, columns],
    values: Float32Array.from({ length: rows * columns }, () => (random() - 0.5) / Math.sqrt(rows)),
  });
  const bytes = buildOnnx({
    nodes: [
      { op: "MatMul", inputs: ["x", "w1"], outputs: ["h"] },
      { op: "Relu", inputs: ["h"], outputs: ["r"] },
      { op: "MatMul", inputs: ["r", "w2"], outputs: ["y"] },
    ],
    inputs: [{ name: "x", type: ONNX_FLOAT, shape: ["n", MLP_INPUTS] }],
    outputs: [{ name: "y", type: ONNX_FLOAT, shape: ["n", CLASSES] }],
    matrices: { w1: weights(MLP_INPUTS, HIDDEN), w2: weights(HIDDEN, CLASSES) },
  });
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "model.onnx");
  writeFileSync(path, bytes);
  return path;
}
