import { describe, expect, it } from "vitest";
import { typeErrors } from "./type-errors.ts";

describe("definePredictor's types", () => {
  it("infer the model, the tensors and the instances, and refuse each wrong use", { timeout: 60_000 }, () => {
    expect(typeErrors("test/types/define-predictor.types.ts")).toEqual([]);
  });
});
