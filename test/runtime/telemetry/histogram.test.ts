import { describe, expect, it } from "vitest";
import { Histogram } from "../../../runtime/telemetry/histogram.ts";

describe("a histogram", () => {
  it("puts a value into the first bucket that is not below it", () => {
    const histogram = new Histogram([1, 2, 5]);
    for (const value of [0, 1, 1.5, 2, 3, 100]) histogram.observe(value);
    expect([...histogram.counts]).toEqual([2, 2, 1, 1]);
    expect(histogram.count).toBe(6);
    expect(histogram.sum).toBe(107.5);
  });
});
