import { describe, expect, it } from "vitest";
import { ERROR_CATALOGUE } from "../../contract/errors.ts";
import { type Page, readPages } from "./documents.ts";

const page = (await readPages()).find(({ path }) => path === "docs/24-troubleshooting.md") as Page;
const sections = new Map(
  page.text.split(/^### /m).map((section) => {
    const [heading = "", ...lines] = section.split("\n");
    return [heading, lines.join("\n").split(/^## /m)[0] as string];
  }),
);

describe("docs/24-troubleshooting.md", () => {
  it.each(Object.entries(ERROR_CATALOGUE))("says of %s more than its hint", (code, { hint }) => {
    const section = sections.get(code) ?? "";
    expect(section.trim().length, `a section "### ${code}"`).toBeGreaterThan(100);
    expect(section).not.toContain(hint);
  });

  it("has no section of a code that is gone", () => {
    const named = [...sections.keys()].filter((heading) => heading.startsWith("KTS_"));
    expect(named.filter((code) => !Object.hasOwn(ERROR_CATALOGUE, code))).toEqual([]);
  });
});
