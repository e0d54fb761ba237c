/**
 * Stands in front of an iris classifier on another server: named measures in inches come in, the classifier gets rows of
 * centimetres, and the number of a class goes out as the name of a species.
 */
import { definePredictor } from "kserve-ts";
import { speciesOf, toCentimetres } from "./flowers.ts";

const MEASURES = ["sepal_length", "sepal_width", "petal_length", "petal_width"] as const;

export default definePredictor({
  inputs: [
    { name: "sepal_length", datatype: "FP64", shape: [-1] },
    { name: "sepal_width", datatype: "FP64", shape: [-1] },
    { name: "petal_length", datatype: "FP64", shape: [-1] },
    { name: "petal_width", datatype: "FP64", shape: [-1] },
  ],
  outputs: [{ name: "species", datatype: "BYTES", shape: [-1] }],

  /** What it returns goes to the server that `predictorHost` names, as V1's instances. */
  preProcess({ tensors }) {
    const columns = MEASURES.map((measure) => toCentimetres(tensors[measure].data));
    return Array.from({ length: columns[0]?.length ?? 0 }, (_, row) =>
      columns.map((column) => column[row] ?? 0),
    );
  },

  /** No predict: V1's predictions of that server come here. */
  postProcess(predictions) {
    return speciesOf(predictions);
  },
});
