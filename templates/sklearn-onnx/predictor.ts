/** Tells irises apart by their measures: a scikit-learn pipeline, which train.py wrote as model/model.onnx. */
import { definePredictor, toFloat32 } from "kserve-ts";
import { likeliest } from "./species.ts";

export default definePredictor({
  outputs: [
    { name: "species", datatype: "BYTES", shape: [-1] },
    { name: "probability", datatype: "FP32", shape: [-1] },
  ],

  /** No preProcess and no predict: the model's own input X is what callers send. */
  postProcess({ probabilities }) {
    if (probabilities === undefined) throw new Error("the model has no output named probabilities");
    const flowers = likeliest(toFloat32(probabilities));
    return {
      species: flowers.map(({ species }) => species),
      probability: flowers.map(({ probability }) => probability),
    };
  },
});
