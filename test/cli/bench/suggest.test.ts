import { describe, expect, it } from "vitest";
import type { Knee } from "../../../cli/bench/search/find-knee.ts";
import { type BenchSettings, type ServerFacts, settingsText } from "../../../cli/bench/settings.ts";
import { configLines, suggest } from "../../../cli/bench/suggest.ts";
import { batchSettings, delaySettings, workerSettings } from "../../../cli/bench/sweep.ts";
import { simulate } from "./simulated-queue.ts";

const server: ServerFacts = {
  model: "m",
  url: "http://127.0.0.1:1",
  grpcAddress: undefined,
  workers: 1,
  execution: "worker",
  batching: { maxBatchSize: 64, maxDelayMs: 0 },
};
const window = simulate({ workers: 1, perWorker: 1000, seconds: 1 }, 100, 1);

function measured(settings: BenchSettings, perSecond: number | undefined) {
  const knee: Knee = {
    perSecond,
    limitMs: 50,
    limitFrom: "goal",
    windows: perSecond === undefined ? [] : [window],
    above: undefined,
    spread: 0,
    isUnstable: false,
  };
  return { settings, server: { ...server, workers: settings.workers ?? 1 }, knee };
}

describe("the suggestion", () => {
  it("is the setting that takes the most, as lines of a config file", () => {
    const batching = { maxBatchSize: 32, maxDelayMs: 2 };
    const found = suggest([measured({}, 100), measured({ workers: 2 }, 150), measured({ workers: 2, batching }, 240)]); // prettier-ignore
    expect(found).toMatchObject({ perSecond: 240, gain: 2.4, settings: { workers: 2, batching } });
    expect(found?.config.join("\n")).toBe(`import { defineConfig } from "kserve-ts";

export default defineConfig({
  model: {
    workers: 2,
    batching: { maxBatchSize: 32, maxDelayMs: 2 },
  },
});`);
    expect(found?.says).toContain("2.4 times what the present settings take");
  });

  it("keeps the present settings where no other takes a tenth more", () => {
    const found = suggest([measured({}, 100), measured({ workers: 2 }, 109)]);
    expect(found).toMatchObject({ config: [], gain: 1 });
    expect(found?.says).toMatch(/^Keep the present settings/);
  });

  it("takes fewer workers where more gain less than a tenth", () => {
    const found = suggest([measured({}, 100), measured({ workers: 4 }, 205), measured({ workers: 2 }, 200)]);
    expect(found?.settings).toEqual({ workers: 2 });
  });

  it("names a setting that keeps a goal which the present ones miss", () => {
    const found = suggest([measured({}, undefined), measured({ workers: 2 }, 20)]);
    expect(found?.settings).toEqual({ workers: 2 });
    expect(found?.says).toContain("which the present settings do not reach");
  });

  it("is none where nothing keeps the goal", () => {
    expect(suggest([measured({}, undefined), measured({ workers: 2 }, undefined)])).toBeUndefined();
    expect(suggest([])).toBeUndefined();
  });

  it("says what to plan with, where one setting was measured", () => {
    expect(suggest([measured({}, 100)])?.says).toContain("about 70 requests/s a replica");
  });
});

describe("a sweep", () => {
  it("tries workers up to the CPUs, but those there are", () => {
    expect(workerSettings(server, 6)).toEqual([{ workers: 2 }, { workers: 4 }, { workers: 6 }]);
    expect(workerSettings({ ...server, workers: 2 }, 2.5)).toEqual([{ workers: 1 }]);
  });

  it("tries no workers of an inline predictor, which has none", () => {
    expect(workerSettings({ ...server, execution: "inline" }, 8)).toEqual([]);
  });

  it("tries batches with the workers that did best", () => {
    const tried = batchSettings(server, { workers: 2 });
    expect(tried).toEqual([
      { workers: 2, batching: false },
      { workers: 2, batching: { maxBatchSize: 8, maxDelayMs: 0 } },
      { workers: 2, batching: { maxBatchSize: 32, maxDelayMs: 0 } },
      { workers: 2, batching: { maxBatchSize: 128, maxDelayMs: 0 } },
    ]);
  });

  it("tries no batches where predict may not get several requests at once", () => {
    expect(batchSettings({ ...server, batching: undefined }, {})).toEqual([]);
    expect(delaySettings({ ...server, batching: undefined }, {}, 1_000)).toEqual([]);
  });

  it("tries delays that the goal leaves room for", () => {
    expect(delaySettings(server, {}, 50)).toEqual([
      { batching: { maxBatchSize: 64, maxDelayMs: 2 } },
      { batching: { maxBatchSize: 64, maxDelayMs: 5 } },
    ]);
    expect(delaySettings(server, {}, 20)).toHaveLength(1);
    expect(delaySettings(server, {}, undefined)).toEqual([]);
    expect(delaySettings(server, { batching: false }, 50)).toEqual([]);
  });
});

it("settings are told in a few words", () => {
  expect(settingsText(server)).toBe("1 worker, batches up to 64");
  expect(settingsText({ ...server, workers: 3, batching: { maxBatchSize: 8, maxDelayMs: 2 } })).toBe(
    "3 workers, batches up to 8 within 2 ms",
  );
  expect(settingsText({ ...server, execution: "inline", batching: undefined })).toBe("inline, no batches");
});

it("settings that change nothing need no lines", () => {
  expect(configLines({})).toEqual([]);
  expect(configLines({ batching: false })).toContain("    batching: false,");
});
