import { expect, it } from "vitest";
import * as contract from "../../contract/index.ts";

it("is this and nothing else: what a predictor may import is public API", () => {
  expect(Object.keys(contract).sort()).toEqual([
    "DATATYPES",
    "HttpError",
    "InvalidInput",
    "KtsError",
    "defineConfig",
    "definePredictor",
    "elementCount",
    "fromFloat32",
    "isDatatype",
    "isKtsError",
    "isTensor",
    "strings",
    "tensor",
    "toFloat32",
  ]);
});

it("gives a declared predictor back as it is", () => {
  const predictor = { predict: () => [1] };
  expect(contract.definePredictor(predictor)).toBe(predictor);
});
