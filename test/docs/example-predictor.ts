import { definePredictor } from "kserve-ts";

/** The predictor that the client's examples in docs/ are typed by. */
export default definePredictor({
  inputs: [{ name: "image", datatype: "FP32", shape: [-1, 28, 28] }],
  outputs: [{ name: "digit", datatype: "INT64", shape: [-1] }],
  predict: () => ({ digit: [7] }),
});
