import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Deadlines, type Timed } from "../../runtime/deadlines.ts";

function timed(expired: string[], name: string): Timed {
  return { deadlineAt: 0, previous: undefined, next: undefined, expire: () => expired.push(name) };
}

describe("deadlines", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
  afterEach(() => void vi.useRealTimers());

  it("expire in the order they were set, each after its own time", () => {
    const expired: string[] = [];
    using deadlines = new Deadlines(100);
    deadlines.add(timed(expired, "a"), performance.now());
    vi.advanceTimersByTime(60);
    deadlines.add(timed(expired, "b"), performance.now());
    vi.advanceTimersByTime(41);
    expect(expired).toEqual(["a"]);
    vi.advanceTimersByTime(60);
    expect(expired).toEqual(["a", "b"]);
  });

  it("do not expire once removed, wherever they stood", () => {
    const expired: string[] = [];
    using deadlines = new Deadlines(100);
    const all = ["a", "b", "c", "d"].map((name) => timed(expired, name));
    for (const one of all) deadlines.add(one, performance.now());
    for (const index of [1, 0, 3]) deadlines.remove(all[index] as Timed);
    deadlines.remove(all[1] as Timed);
    vi.advanceTimersByTime(101);
    expect(expired).toEqual(["c"]);
  });

  it("work again after the list was empty", () => {
    const expired: string[] = [];
    using deadlines = new Deadlines(100);
    const first = timed(expired, "first");
    deadlines.add(first, performance.now());
    deadlines.remove(first);
    vi.advanceTimersByTime(500);
    deadlines.add(timed(expired, "second"), performance.now());
    vi.advanceTimersByTime(101);
    expect(expired).toEqual(["second"]);
  });
});
