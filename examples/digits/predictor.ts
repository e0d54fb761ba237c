/** Reads handwritten digits: images of 28 x 28 grey pixels in, the digits out. The engine runs model/model.onnx. */
import { definePredictor, InvalidInput, toFloat32, tensor } from "kserve-ts";
import { decodeGreyPng, isPng } from "./png.ts";

const SIDE = 28;
const PIXELS = SIDE * SIDE;

export default definePredictor({
  outputs: [{ name: "digit", datatype: "INT64", shape: [-1] }],

  /** Takes (n, 28, 28) and (n, 1, 28, 28) pixels from 0 to 255, and base64 of a PNG or of 784 bytes. */
  preProcess(request) {
    const sent = request.kind === "tensors" ? request.tensors["pixels"] : undefined;
    if (sent?.datatype === "FP32" && sent.data.length % PIXELS === 0) {
      return { pixels: tensor("FP32", [sent.data.length / PIXELS, 1, SIDE, SIDE], toFloat32(sent)) };
    }
    const images = request.instances;
    const pixels = new Float32Array(images.length * PIXELS);
    images.forEach((image, index) => {
      pixels.set(readImage(image, `instances[${index}]`), index * PIXELS);
    });
    return { pixels: tensor("FP32", [images.length, 1, SIDE, SIDE], pixels) };
  },

  /** The digit of each image is where its ten logits are largest. */
  postProcess({ logits }) {
    if (logits === undefined) throw new Error("the model has no output named logits");
    const scores = toFloat32(logits);
    const digits: number[] = [];
    for (let at = 0; at < scores.length; at += 10) {
      const ten = scores.subarray(at, at + 10);
      digits.push(ten.indexOf(Math.max(...ten)));
    }
    return { digit: digits };
  },
});

function readImage(image: unknown, path: string): ArrayLike<number> {
  if (Array.isArray(image)) return readPixels(image.flat(2), path);
  if (image instanceof Uint8Array) return readBytes(image, path);
  if (typeof image === "string") return readBytes(Buffer.from(image, "base64"), path);
  if (typeof image === "object" && image !== null) {
    const { data, b64 } = image as { data?: unknown; b64?: unknown };
    if (data !== undefined) return readImage(data, `${path}.data`);
    if (b64 !== undefined) return readImage(b64, `${path}.b64`);
  }
  throw new InvalidInput('expected 28 x 28 pixels, or {"data": "<base64 of a PNG>"}', { path });
}

function readPixels(values: readonly unknown[], path: string): number[] {
  const pixels = values.filter((value) => typeof value === "number");
  if (pixels.length === PIXELS && values.length === PIXELS) return pixels;
  throw new InvalidInput(`expected ${SIDE} x ${SIDE} numbers, got ${values.length} values`, { path });
}

function readBytes(bytes: Uint8Array, path: string): Uint8Array {
  const pixels = isPng(bytes) ? decodeGreyPng(bytes, SIDE, SIDE, path) : bytes;
  if (pixels.length === PIXELS) return pixels;
  throw new InvalidInput(`expected base64 of a PNG or of ${PIXELS} bytes, got ${pixels.length} bytes`, {
    path,
  });
}
