import { describe, expect, it } from "vitest";
import { backOffMs, pause, retryAfterMs } from "../../../builder/registry/pause.ts";

describe("Retry-After", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");

  it.each([
    [null, undefined],
    ["3", 3000],
    [" 0 ", 0],
    ["soon", undefined],
    ["Thu, 01 Jan 2026 00:00:10 GMT", 10_000],
    ["Wed, 31 Dec 2025 00:00:00 GMT", 0],
    ["86400", Infinity],
  ])("%s is %s ms", (header, ms) => {
    expect(retryAfterMs(header, now)).toBe(ms);
  });
});

describe("the pause before another try", () => {
  it("grows, and ends growing", () => {
    for (const [failures, least] of [1, 2, 3, 4, 5, 6, 7, 20].entries()) {
      expect(backOffMs(failures + 1)).toBeLessThanOrEqual(12_500);
      expect(backOffMs(least)).toBeGreaterThanOrEqual(Math.min(10_000, 250 * 2 ** (least - 1)));
    }
  });

  it("ends with the signal's reason", async () => {
    const reason = new Error("Ctrl-C");
    const controller = new AbortController();
    const paused = pause(60_000, controller.signal);
    controller.abort(reason);
    await expect(paused).rejects.toBe(reason);
    await expect(pause(60_000, controller.signal)).rejects.toBe(reason);
  });
});
