import { describe, expect, it } from "vitest";
import { Histogram } from "../../../cli/bench/load/histogram.ts";
import { createRandom } from "../../../runtime/random.ts";

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

describe("a histogram", () => {
  it("knows quantiles within a hundredth, from microseconds to minutes", () => {
    const random = createRandom(1);
    const values = Array.from({ length: 20_000 }, () => 10 ** (random() * 8 - 3));
    const histogram = histogramOf(values);
    const sorted = values.toSorted((a, b) => a - b);
    for (const share of [0.01, 0.1, 0.5, 0.9, 0.99, 0.999]) {
      const exact = sorted[Math.ceil(values.length * share) - 1] as number;
      // A microsecond is the smallest difference that it knows.
      expect(Math.abs(histogram.quantileMs(share) - exact)).toBeLessThanOrEqual(exact * 0.01 + 0.001);
    }
  });

  it("keeps count, least, greatest and mean exactly", () => {
    const histogram = histogramOf([3.25, 1.5, 100.125]);
    expect(histogram.count).toBe(3);
    expect(histogram.minMs).toBe(1.5);
    expect(histogram.maxMs).toBe(100.125);
    expect(histogram.meanMs).toBeCloseTo(34.958, 3);
    expect(histogram.quantileMs(1)).toBe(100.125);
  });

  it("never tells a quantile beyond what was seen", () => {
    const histogram = histogramOf([1000.0004]);
    for (const share of [0.01, 0.5, 0.99, 1]) expect(histogram.quantileMs(share)).toBe(1000.0004);
  });

  it("tells small whole microseconds as they are", () => {
    const histogram = histogramOf(Array.from({ length: 256 }, (_, at) => at / 1000));
    expect(histogram.quantileMs(0.5)).toBe(0.127);
    expect(histogram.quantileMs(1)).toBe(0.255);
  });

  it("adds another's values as if they were its own", () => {
    const [a, b] = [histogramOf([1, 2, 3]), histogramOf([0.5, 400])];
    a.add(b);
    const all = histogramOf([1, 2, 3, 0.5, 400]);
    expect([a.count, a.minMs, a.maxMs, a.meanMs]).toEqual([5, 0.5, 400, all.meanMs]);
    for (const share of [0.2, 0.4, 0.6, 0.8, 1]) expect(a.quantileMs(share)).toBe(all.quantileMs(share));
  });

  it("takes what is beyond half an hour, and less than nothing", () => {
    const histogram = histogramOf([-5, 1e10]);
    expect(histogram.minMs).toBe(0);
    expect(histogram.maxMs).toBe(1e10);
    expect(histogram.quantileMs(0.5)).toBe(0);
  });

  it("has no quantiles while it is empty", () => {
    const histogram = new Histogram();
    expect([histogram.quantileMs(0.5), histogram.maxMs, histogram.minMs, histogram.meanMs]).toEqual([
      NaN,
      NaN,
      NaN,
      NaN,
    ]);
  });
});
