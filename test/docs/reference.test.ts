import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { referencePage } from "../../scripts/reference/page.ts";
import { ROOT } from "./documents.ts";

const page = await readFile(join(ROOT, "docs/26-reference.md"), "utf8");

it("every export of an entry point says what it is", () => {
  const [, exported = ""] = page.split("\n## The package\n");
  const rows = [...exported.matchAll(/^\| `(\w+)` +\| \w+ +\| (.*?) *\|$/gm)];
  expect(rows.length).toBeGreaterThan(150);
  expect(rows.filter(([, , says]) => says === "").map(([, name]) => name)).toEqual([]);
});

it("docs/26-reference.md is what the code says", { timeout: 300_000 }, async () => {
  expect(page === (await referencePage()), "stale: run `node scripts/reference.ts`").toBe(true);
});
