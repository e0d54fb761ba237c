import { describe, expect, it } from "vitest";
import { durationSeconds } from "../../../cli/logs/duration.ts";

describe("a duration", () => {
  it.each([
    ["90", 90],
    ["90s", 90],
    ["5m", 300],
    ["1h30m", 5400],
    ["2d", 172_800],
  ])("of %s is %i seconds", (text, seconds) => expect(durationSeconds(text, "--since")).toBe(seconds));

  it.each(["", "0", "m", "-5m", "5 m", "1.5h", "5x", "5m3"])("is not %j", (text) =>
    expect(() => durationSeconds(text, "--since")).toThrow(/^--since is ".*", expected a duration$/),
  );
});
