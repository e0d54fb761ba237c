import { expect, it } from "vitest";
import { ageText } from "../../../cli/terminal/age-text.ts";

const NOW = Date.parse("2026-11-23T12:00:00Z");

it.each([
  ["2026-11-23T12:00:00Z", "0s"],
  ["2026-11-23T11:59:42Z", "18s"],
  ["2026-11-23T11:57:30Z", "2m30s"],
  ["2026-11-23T11:57:00Z", "3m"],
  ["2026-11-23T11:30:00Z", "30m"],
  ["2026-11-20T08:00:00Z", "3d4h"],
  ["2026-10-01T08:00:00Z", "53d"],
  // A clock that is ahead.
  ["2026-11-23T12:00:09Z", "0s"],
  ["never", ""],
])("%s was %s ago", (since, age) => {
  expect(ageText(since, NOW)).toBe(age);
});
