import { access, readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { type Page, ROOT, readPages } from "./documents.ts";

const pages = await readPages();

/** The links of a page, but those to other hosts. */
function linksOf({ text }: Page): string[] {
  const prose = text.replaceAll(/^```[^]*?^```$/gm, "").replaceAll(/`[^`\n]*`/g, "``");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors that GitHub gives a page's headings. */
function anchorsOf(text: string): Set<string> {
  const seen = new Map<string, number>();
  const anchors = new Set([...text.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, id = ""]) => id));
  for (const [, heading = ""] of text.replaceAll(/^```[^]*?^```$/gm, "").matchAll(/^#+ (.*)$/gm)) {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const anchor = plain.replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-");
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    anchors.add(count === 0 ? anchor : `${anchor}-${count}`);
  }
  return anchors;
}

/** What is wrong with a link. */
async function problemOf(page: Page, target: string): Promise<string | undefined> {
  const [path = "", anchor] = target.split("#", 2);
  const file = path === "" ? page.path : relative(ROOT, join(ROOT, dirname(page.path), path));
  try {
    await access(join(ROOT, file));
    if (anchor === undefined || !file.endsWith(".md")) return undefined;
    return anchorsOf(await readFile(join(ROOT, file), "utf8")).has(anchor)
      ? undefined
      : `${target}: there is no such heading`;
  } catch {
    return `${target}: there is no such file`;
  }
}

async function exists(file: string): Promise<boolean> {
  return access(join(ROOT, file)).then(
    () => true,
    () => false,
  );
}

describe("the links of the documentation", () => {
  it.each(pages.map((page) => [page.path, page] as const))("lead somewhere in %s", async (_path, page) => {
    const problems = await Promise.all(linksOf(page).map((target) => problemOf(page, target)));
    expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
  });

  it.each(pages.map((page) => [page.path, page] as const))(
    "and the files that %s names are there",
    async (_path, { text }) => {
      const named = [
        ...text.matchAll(
          /`((?:contract|protocol|client|runtime|builder|deployer|cli|test|bench|scripts|docs)\/[\w./-]+)`/g,
        ),
      ];
      const missing = await Promise.all(
        named.map(async ([, file = ""]) => ((await exists(file)) ? [] : [file])),
      );
      expect(missing.flat()).toEqual([]);
    },
  );

  it("are in the README to every page of docs/", () => {
    const readme = pages.find(({ path }) => path === "README.md") as Page;
    const linked = linksOf(readme);
    const missing = pages
      .map(({ path }) => path)
      .filter((path) => path.startsWith("docs/") && !linked.includes(path));
    expect(missing).toEqual([]);
  });
});
