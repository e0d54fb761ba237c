/** Says how unusual a measurement is: by how many standard deviations its most unusual value is off the mean. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { definePredictor } from "kserve-ts";

/** What the training left behind: a mean and a standard deviation for each of the three values. */
interface Statistics {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

export default definePredictor({
  inputs: [{ name: "measurement", datatype: "FP64", shape: [-1, 3] }],
  outputs: [{ name: "deviations", datatype: "FP64", shape: [-1] }],
  batching: true,

  async load({ modelDir }): Promise<Statistics> {
    return JSON.parse(await readFile(join(modelDir, "statistics.json"), "utf8")) as Statistics;
  },

  predict({ mean, deviation }, { measurement }) {
    const rows = measurement.data.length / 3;
    return Array.from({ length: rows }, (_, row) => {
      const values = measurement.data.subarray(row * 3, row * 3 + 3);
      return Math.max(...values.map((value, at) => Math.abs(value - (mean[at] ?? 0)) / (deviation[at] ?? 1)));
    });
  },
});
