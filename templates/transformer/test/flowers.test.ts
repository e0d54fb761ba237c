import assert from "node:assert/strict";
import { test } from "node:test";
import { speciesOf, toCentimetres } from "../flowers.ts";

test("inches become centimetres", () => {
  assert.deepEqual(Array.from(toCentimetres(Float64Array.of(1, 2.01, 0))), [2.54, 5.11, 0]);
});

test("classes become species", () => {
  assert.deepEqual(speciesOf([2, 0]), ["virginica", "setosa"]);
});

test("an answer that has no classes is the classifier's fault", () => {
  assert.throws(() => speciesOf({ error: "no" }), { status: 502 });
  assert.throws(() => speciesOf([7]), { status: 502, message: /the class 7/ });
});
