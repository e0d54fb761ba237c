import assert from "node:assert/strict";
import { test } from "node:test";
import { riskOf } from "../risk.ts";

test("more debt and more late payments are more risk", () => {
  const least = riskOf({ income: 50_000, debt: 0, latePayments: 0 });
  const indebted = riskOf({ income: 50_000, debt: 50_000, latePayments: 0 });
  const late = riskOf({ income: 50_000, debt: 50_000, latePayments: 4 });
  assert.ok(0 < least && least < indebted && indebted < late && late < 1);
});

test("a loan on the line has even odds", () => {
  assert.equal(riskOf({ income: 25_000, debt: 30_000, latePayments: 0 }), 0.5);
});
