import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { referencePage } from "../../scripts/reference/page.ts";
import { ROOT } from "./documents.ts";

it("docs/26-reference.md is what the code says", { timeout: 300_000 }, async () => {
  const page = await readFile(join(ROOT, "docs/26-reference.md"), "utf8");
  expect(page === (await referencePage()), "stale: run `node scripts/reference.ts`").toBe(true);
});
