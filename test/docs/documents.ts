import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A fenced block of code. */
export interface Block {
  /** The first word behind the fence: `ts`, `sh`, `json`; empty where there is none. */
  readonly language: string;
  /** The words behind it: `file=predictor.ts`. */
  readonly words: readonly string[];
  readonly code: string;
  /** The line of the fence, from 1. */
  readonly line: number;
}

/** A page of the documentation. */
export interface Page {
  /** Its path from the repository's root: `docs/02-predictor.md`. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

/** Every page that a reader is given: the README and its neighbours, docs/, the READMEs of examples and templates. */
export async function readPages(): Promise<readonly Page[]> {
  const docs = (await readdir(join(ROOT, "docs"))).filter((name) => name.endsWith(".md")).sort();
  const [examples, templates] = await Promise.all(["examples", "templates"].map(readmesIn));
  const paths = [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    ...docs.map((name) => `docs/${name}`),
    ...(examples ?? []),
    ...(templates ?? []),
  ];
  return Promise.all(
    paths.map(async (path) => {
      const text = await readFile(join(ROOT, path), "utf8");
      return { path, text, blocks: blocksOf(text) };
    }),
  );
}

async function readmesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(join(ROOT, folder), { recursive: true });
  return names
    .filter((name) => name.endsWith("README.md") && !name.includes("node_modules"))
    .map((name) => `${folder}/${name}`)
    .sort();
}

/** The fenced blocks of a Markdown text. */
export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let open: { fence: string; language: string; words: string[]; line: number; code: string[] } | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    const [, fence = "", info = ""] = /^(`{3,})(.*)$/.exec(line) ?? [];
    if (open === undefined) {
      if (fence === "") continue;
      const [language = "", ...words] = info.trim().split(/\s+/);
      open = { fence, language, words, line: index + 1, code: [] };
    } else if (fence === open.fence && info.trim() === "") {
      const { language, words, code, line: at } = open;
      blocks.push({ language, words, line: at, code: code.map((each) => `${each}\n`).join("") });
      open = undefined;
    } else {
      open.code.push(line);
    }
  }
  if (open !== undefined) throw new Error(`the block of line ${open.line} does not end`);
  return blocks;
}

/** The value of a word `name=value` of a block. */
export function wordOf(block: Block, name: string): string | undefined {
  return block.words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** A block's place, for the name of a test. */
export function placeOf(page: Page, block: Block): string {
  return `${page.path}:${block.line}`;
}
