import { describe, expect, it } from "vitest";
import { quantityProblem, quantityValue } from "../../../deployer/config/quantity.ts";

describe("a quantity", () => {
  it.each([
    ["500m", 0.5],
    ["1.5", 1.5],
    [2, 2],
    ["2Gi", 2 ** 31],
    ["1k", 1000],
    ["2e3", 2000],
    ["1E", 1e18],
    [".5", 0.5],
  ])("%s is %d", (quantity, value) => {
    expect(quantityValue(quantity)).toBe(value);
  });

  it.each(["", "1 Gi", "1GB", "Gi", "1.2.3", "0x10", "NaN"])('"%s" is none', (text) => {
    expect(quantityValue(text)).toBeUndefined();
  });

  it.each([
    ["cpu", "500m"],
    ["memory", "1.5Gi"],
    ["memory", 0],
    ["nvidia.com/gpu", 1],
    ["ephemeral-storage", "10Gi"],
  ])("of %s may be %s", (resource, quantity) => {
    expect(quantityProblem(resource, quantity)).toBeUndefined();
  });

  it.each([
    ["memory", "500m", '"500Mi"'],
    ["memory", 512, '"512Mi" or "512Gi"'],
    ["memory", "4 gb", 'write "4Gi"'],
    ["memory", "-1Gi", "not negative"],
    ["cpu", "half", '"500m" or "2"'],
    ["nvidia.com/gpu", "500m", "a whole number of nvidia.com/gpu"],
  ])("of %s may not be %s", (resource, quantity, advice) => {
    expect(quantityProblem(resource, quantity)).toContain(advice);
  });
});
