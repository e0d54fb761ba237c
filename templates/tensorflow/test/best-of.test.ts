import assert from "node:assert/strict";
import { test } from "node:test";
import { bestOf } from "../best-of.ts";

test("each row has its own best", () => {
  assert.deepEqual(bestOf(Float32Array.of(0.25, 0.75, 1, 0), 2), [
    { at: 1, value: 0.75 },
    { at: 0, value: 1 },
  ]);
});

test("of equal values the first is the best", () => {
  assert.deepEqual(bestOf(Float32Array.of(0.5, 0.5), 2), [{ at: 0, value: 0.5 }]);
});
