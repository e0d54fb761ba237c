/**
 * Stands in for the classifier of the cluster, so that the transformer can be tried and tested without one: the first two
 * splits of a decision tree.
 */
import { definePredictor } from "kserve-ts";

export default definePredictor({
  inputs: [{ name: "measures", datatype: "FP64", shape: [-1, 4] }],
  outputs: [{ name: "class", datatype: "INT64", shape: [-1] }],

  predict(_model, { measures }) {
    return Array.from({ length: measures.data.length / 4 }, (_, row) => {
      const [petalLength = 0, petalWidth = 0] = measures.data.subarray(row * 4 + 2, row * 4 + 4);
      if (petalLength < 2.5) return 0;
      return petalWidth < 1.75 ? 1 : 2;
    });
  },
});
