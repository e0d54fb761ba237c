import { describe, expect, it } from "vitest";
import { Histogram } from "../../../cli/bench/load/histogram.ts";
import { findCapacity } from "../../../cli/bench/search/find-capacity.ts";
import { type KneeSearch, findKnee, medianWindow } from "../../../cli/bench/search/find-knee.ts";
import { judge } from "../../../cli/bench/search/judge.ts";
import { type Step, stepOf } from "../../../cli/bench/step.ts";
import { type SimulatedQueue, quietWindow, simulate } from "./simulated-queue.ts";

/** A search on a simulated queue, which notes its steps. */
function searchOn(queue: SimulatedQueue, capacityPerSecond: number, more: Partial<KneeSearch> = {}) {
  const steps: Step[] = [];
  const search: KneeSearch = {
    capacityPerSecond,
    goalMs: undefined,
    repeats: 3,
    maxSteps: 20,
    measure: async (perSecond) => {
      const step = simulate(queue, perSecond, steps.length + 1);
      steps.push(step);
      return step;
    },
    ...more,
  };
  return { search, steps };
}

/** A step whose requests all took so long. */
function stepTaking(ms: number, perSecond = 100): Step {
  const latencies = new Histogram();
  for (let at = 0; at < perSecond; at++) latencies.record(ms);
  return stepOf(perSecond, quietWindow(latencies));
}

const ONE_WORKER = { workers: 1, perWorker: 200, seconds: 60 };
/** Of M/M/1 the p99 is ln(100) / (service rate - arrival rate). */
const p99RateOfOne = (goalMs: number) => 200 - (Math.log(100) * 1000) / goalMs;

describe("the knee", () => {
  it.each([40, 50, 100, 250])(
    "of a queue with one worker is where theory has it, for %i ms",
    async (goalMs) => {
      const { search } = searchOn(ONE_WORKER, 195, { goalMs });
      const knee = await findKnee(search);
      const theory = p99RateOfOne(goalMs);
      expect(Math.abs((knee.perSecond as number) - theory) / theory).toBeLessThan(0.15);
      expect(medianWindow(knee.windows)?.latencyMs.p99).toBeLessThanOrEqual(goalMs);
      expect(knee.above?.verdict).toBe("slow");
      expect(knee).toMatchObject({ limitMs: goalMs, limitFrom: "goal" });
    },
  );

  it.each([2, 4, 16])("of %i workers without a goal is below what they can do together", async (workers) => {
    const capacity = workers * 100;
    const { search } = searchOn({ workers, perWorker: 100, seconds: 60 }, capacity);
    const knee = await findKnee(search);
    expect(knee.limitFrom).toBe("lightest step");
    // Many workers share bursts, so that more of them can be busy before anybody waits long.
    expect(knee.perSecond).toBeGreaterThan(capacity * (workers < 4 ? 0.7 : 0.85));
    expect(knee.perSecond).toBeLessThanOrEqual(capacity * 1.02);
  });

  it("is the same wherever the search begins", async () => {
    const found = await Promise.all(
      [50, 120, 200, 300].map(async (capacity) => {
        const { search } = searchOn(ONE_WORKER, capacity, { goalMs: 60 });
        return (await findKnee(search)).perSecond as number;
      }),
    );
    for (const perSecond of found) {
      expect(Math.abs(perSecond - p99RateOfOne(60)) / p99RateOfOne(60)).toBeLessThan(0.15);
    }
  });

  it("is looked for below the lightest step, where even that is too much", async () => {
    const { search } = searchOn(ONE_WORKER, 2_000, { goalMs: 60 });
    expect((await findKnee(search)).perSecond).toBeLessThan(200);
  });

  it("is none where no rate keeps the goal, and says what came of the least", async () => {
    const { search } = searchOn(ONE_WORKER, 195, { goalMs: 1 });
    const knee = await findKnee(search);
    expect(knee.perSecond).toBeUndefined();
    expect(knee.windows).toEqual([]);
    expect(knee.above).toMatchObject({ verdict: "slow" });
  });

  it("survives a pause of the machine in one step, which is measured again", async () => {
    let isFirst = true;
    const { search } = searchOn(ONE_WORKER, 195, { goalMs: 60 });
    const measure = async (perSecond: number) => {
      if (perSecond > 30 && isFirst) {
        isFirst = false;
        // Not far beyond the limit, as a pause makes it.
        return stepTaking(150, perSecond);
      }
      return search.measure(perSecond);
    };
    const knee = await findKnee({ ...search, measure });
    expect(Math.abs((knee.perSecond as number) - p99RateOfOne(60)) / p99RateOfOne(60)).toBeLessThan(0.15);
  });

  it("calls a machine unstable whose windows at the knee differ much", async () => {
    let count = 0;
    const measure = async (perSecond: number) => stepTaking(10 + (count++ % 3) * 15, perSecond);
    const knee = await findKnee({ capacityPerSecond: 100, goalMs: 60, measure, repeats: 3, maxSteps: 14 });
    expect(knee.isUnstable).toBe(true);
    expect(knee.spread).toBeGreaterThan(0.5);
  });

  it("calls a steady machine stable", async () => {
    const { search } = searchOn(ONE_WORKER, 195, { goalMs: 100 });
    expect((await findKnee(search)).isUnstable).toBe(false);
  });

  it("goes down where the median of the windows does not keep the goal", async () => {
    const asked: number[] = [];
    const measure = async (perSecond: number) => {
      // The rate looks good once, and never again.
      const again = asked.filter((rate) => rate === perSecond).length;
      asked.push(perSecond);
      return stepTaking(perSecond > 60 && again > 0 ? 90 : perSecond > 100 ? 900 : 10, perSecond);
    };
    const knee = await findKnee({ capacityPerSecond: 100, goalMs: 60, measure, repeats: 3, maxSteps: 14 });
    expect(knee.perSecond).toBeGreaterThanOrEqual(50);
    expect(knee.perSecond).toBeLessThanOrEqual(60);
    expect(knee.above?.verdict).toBe("slow");
  });

  it("takes no more steps than it may, repeats apart", async () => {
    const { search, steps } = searchOn(ONE_WORKER, 195, { goalMs: 60, maxSteps: 4, repeats: 1 });
    await findKnee(search);
    expect(new Set(steps.map(({ offeredPerSecond }) => offeredPerSecond)).size).toBeLessThanOrEqual(4);
  });
});

describe("a step", () => {
  const window = (latencyMs: number, count = 1_000) => {
    const latencies = new Histogram();
    for (let at = 0; at < count; at++) latencies.record(latencyMs);
    return quietWindow(latencies);
  };

  it("is judged by its p99, its failures and whether answers keep up", () => {
    const good = window(10);
    expect(judge(stepOf(1000, good), 20)).toBe("ok");
    expect(judge(stepOf(1000, good), undefined)).toBe("ok");
    expect(judge(stepOf(1000, good), 5)).toBe("slow");
    expect(judge(stepOf(1000, { ...good, rightWithin: 800 }), 20)).toBe("behind");
    expect(judge(stepOf(1000, { ...good, rightWithin: 930 }), 20)).toBe("ok");
    const failed = { ...good, right: 980, rightWithin: 980 };
    expect(judge(stepOf(1000, { ...failed, failures: { "429": 20 } }), 20)).toBe("errors");
    expect(judge(stepOf(1000, { ...failed, failures: { unanswered: 20 } }), 20)).toBe("behind");
  });

  it("is the generator's where that was late or busy, but for one that went well", () => {
    const late = window(10);
    const generator = { ...late.generator, lagP99Ms: 8 };
    const step = stepOf(1000, { ...late, generator });
    expect(step.isGeneratorLimit).toBe(true);
    expect([judge(step, 20), judge(step, 5)]).toEqual(["ok", "generator"]);
    const busy = stepOf(1000, { ...late, generator: { ...late.generator, busyShare: 0.97 } });
    expect(busy.isGeneratorLimit).toBe(true);
    // A lag that is small beside the latency matters little.
    const slow = window(100);
    expect(stepOf(1000, { ...slow, generator }).isGeneratorLimit).toBe(false);
  });

  it("says when there are too few answers for a p99", () => {
    expect(stepOf(10, window(1, 999)).hasFewSamples).toBe(true);
    expect(stepOf(10, window(1, 1_000)).hasFewSamples).toBe(false);
  });
});

describe("the capacity", () => {
  it("is found where more at once gain nothing", async () => {
    const asked: number[] = [];
    const capacity = await findCapacity(async (atOnce) => {
      asked.push(atOnce);
      const latencies = new Histogram();
      return { ...quietWindow(latencies), rightWithin: 100 * Math.min(atOnce, 6) };
    }, 256);
    expect(capacity).toEqual({ perSecond: 600, atOnce: 8 });
    expect(asked).toEqual([1, 2, 4, 8, 16, 32]);
  });

  it("asks for no more at once than there are connections", async () => {
    const capacity = await findCapacity(
      async (atOnce) => ({ ...quietWindow(new Histogram()), rightWithin: atOnce }),
      5,
    );
    expect(capacity.atOnce).toBe(4);
  });
});
