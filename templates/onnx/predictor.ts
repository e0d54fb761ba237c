/** Reads handwritten digits: images of 28 x 28 grey pixels in, the digits out. The engine runs model/model.onnx. */
import { definePredictor, tensor, toFloat32 } from "kserve-ts";
import { PIXELS, SIDE, readImage } from "./image.ts";

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

  /** No predict: the model runs in between. The digit of each image is where its ten logits are largest. */
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
