/** Reads handwritten digits of 8 x 8 pixels: a TensorFlow.js model, which the engine finds in model/. */
import { definePredictor, toFloat32 } from "kserve-ts";
import { bestOf } from "./best-of.ts";

const DIGITS = 10;

export default definePredictor({
  outputs: [
    { name: "digit", datatype: "INT64", shape: [-1] },
    { name: "confidence", datatype: "FP32", shape: [-1] },
  ],

  /** No preProcess and no predict: the model takes images of pixels from 0 to 16. */
  postProcess({ probabilities }) {
    if (probabilities === undefined) throw new Error("the model has no output named probabilities");
    const best = bestOf(toFloat32(probabilities), DIGITS);
    return { digit: best.map(({ at }) => at), confidence: best.map(({ value }) => value) };
  },
});
