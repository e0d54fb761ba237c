import { describe, expect, it } from "vitest";
import { RunCounts } from "../../../runtime/telemetry/run-counts.ts";

const stages = (preProcess: number, predict: number, postProcess: number) => ({
  preProcess,
  predict,
  postProcess,
});

describe("the runs of a model", () => {
  it("count once for all requests that shared them, with the sum of their own stages", () => {
    const counts = new RunCounts();
    counts.observe(stages(1, 10, 2), 3, true);
    counts.observe(stages(3, 10, 4), 3, false);
    counts.observe(stages(0, 5, 0), 1, true);
    expect(counts.bySize).toEqual([
      {
        batch_size: 1,
        compute_input: { count: 1, ns: 0 },
        compute_infer: { count: 1, ns: 5_000_000 },
        compute_output: { count: 1, ns: 0 },
      },
      {
        batch_size: 3,
        compute_input: { count: 1, ns: 4_000_000 },
        compute_infer: { count: 1, ns: 10_000_000 },
        compute_output: { count: 1, ns: 6_000_000 },
      },
    ]);
    expect([counts.sizes.count, counts.sizes.sum]).toEqual([2, 4]);
  });

  it("of no instances do not count", () => {
    const counts = new RunCounts();
    counts.observe(stages(0, 1, 0), 0, true);
    expect(counts.bySize).toEqual([]);
  });

  it("are told apart by a bounded number of sizes, whatever clients send", () => {
    const counts = new RunCounts();
    for (let rows = 1; rows <= 1000; rows++) counts.observe(stages(0, 1, 0), rows, true);
    expect(counts.bySize).toHaveLength(256);
    expect(counts.sizes.count).toBe(1000);
    counts.observe(stages(0, 1, 0), 7, true);
    expect(counts.bySize[6]).toMatchObject({ batch_size: 7, compute_infer: { count: 2 } });
  });
});
