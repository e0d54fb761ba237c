import { folderWith } from "../run-cli.ts";

/** Doubles x and says which class it is, over any protocol, and refuses what is below zero. */
const PREDICTOR = `
import { InvalidInput } from ${JSON.stringify(new URL("../../../contract/index.ts", import.meta.url).href)};
export const inputs = [{ name: "x", datatype: "FP32", shape: [-1, 2] }];
export const outputs = [
  { name: "twice", datatype: "FP32", shape: [-1, 2] },
  { name: "label", datatype: "BYTES", shape: [-1] },
];
export const execution = "inline";
export const predict = (_model, { x }, ctx) => {
  if (x.data.some((value) => value < 0)) {
    throw new InvalidInput("is below zero", { path: "x" });
  }
  const rows = x.shape[0];
  return {
    twice: { datatype: "FP32", shape: x.shape, data: x.data.map((value) => value * 2 + (ctx.protocol === OFF ? 1 : 0)) },
    label: Array.from({ length: rows }, (_, row) => (x.data[row * 2] > 1 ? "large" : "small")),
  };
};
`;

/** A project's files. @param off the protocol over which it answers wrongly: `v1`, `v2` or `grpc-v2`; none by default */
export function projectWith(files: Readonly<Record<string, string>>, off = "none") {
  return folderWith({ "m/predictor.mjs": PREDICTOR.replace("OFF", JSON.stringify(off)), ...files });
}

export const V1 = JSON.stringify({
  instances: [
    [1, 2],
    [3, 4],
  ],
});
export const V1_ANSWER = JSON.stringify({
  predictions: [
    { twice: [2, 4], label: "small" },
    { twice: [6, 8], label: "large" },
  ],
});
export const V2 = JSON.stringify({ inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], data: [1, 2] }] });
