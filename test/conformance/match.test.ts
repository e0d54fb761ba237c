import { describe, expect, it } from "vitest";
import { mismatch } from "./match.ts";

describe("a vector's expectation", () => {
  it.each([
    [{ a: 1, b: 2 }, { a: 1 }],
    [
      [1, "x", null],
      [1, "x", null],
    ],
    ["abc", { $contains: ["a", "c"] }],
    ["a1", { $regex: "^a\\d$" }],
    [{ a: [0.1000001] }, { a: { $approx: [[0.1], 1e-5] } }],
    [["a", "b"], { $includes: "b" }],
    [{ a: { b: "x" } }, { $exactly: { a: { b: { $any: "string" } } } }],
  ])("is met by %j: %j", (got, expected) => {
    expect(mismatch(got, expected)).toBeUndefined();
  });

  it.each([
    [{ a: 1 }, { a: 2 }, "$.a"],
    [{}, { a: 1 }, "$.a"],
    [[1, 2], [1], "2"],
    [{ 0: 1 }, [1], "$"],
    [-0, 0, "$"],
    ["abc", { $contains: ["a", "d"] }, "d"],
    [[0.2], { $approx: [[0.1], 1e-5] }, "$.0"],
    [[0.1, 0.2], { $approx: [[0.1], 1e-5] }, "$"],
    ["1", { $approx: [1, 1e-5] }, "$"],
    [{ a: 1, b: 2 }, { $exactly: { a: 1 } }, "$"],
    [[], { $any: "object" }, "any object"],
    [["a"], { $includes: "b" }, "b"],
  ])("is not met by %j: %j", (got, expected, told) => {
    expect(mismatch(got, expected)).toContain(told);
  });
});
