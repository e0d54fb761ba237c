import assert from "node:assert/strict";
import { test } from "node:test";
import { likeliest } from "../species.ts";

test("a flower is the species with the highest probability", () => {
  assert.deepEqual(likeliest(Float32Array.of(0.25, 0.5, 0.25, 0, 0, 1)), [
    { species: "versicolor", probability: 0.5 },
    { species: "virginica", probability: 1 },
  ]);
});

test("no flowers are no species", () => {
  assert.deepEqual(likeliest(new Float32Array()), []);
});
