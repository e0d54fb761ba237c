import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientText } from "../../cli/client/write-client.ts";
import { ROOT, type Page, placeOf, readPages, wordOf } from "./documents.ts";

/**
 * Every `ts` block is a module, compiled under the repository's own options together with all others, in one program.
 * `file=predictor.ts` behind the fence gives it that name, so that other blocks of its page can import it; `./predictor.ts` is
 * otherwise example-predictor.ts. prelude.ts says what need not be imported.
 */
const pages = (await readPages()).filter(({ blocks }) => blocks.some(({ language }) => language === "ts"));

/** What `kserve-ts client` writes of the digits, which a snippet imports as `./models.ts`. */
const MODELS = clientText([
  {
    name: "digits",
    inputs: [{ name: "pixels", datatype: "FP32", shape: [-1, 1, 28, 28] }],
    outputs: [{ name: "digit", datatype: "INT64", shape: [-1] }],
    takesValues: false,
  },
]);

/** What a snippet about the command line imports from the repository, which is elsewhere for a reader. */
const VERB_PARTS = `
export { defineVerb } from "../../../../cli/verb.ts";
export { toggle } from "../../../../cli/option-kinds.ts";
`;

let folder: string;
let problems: Map<string, string[]>;

beforeAll(async () => {
  // Within the repository, for the packages that they import.
  folder = await mkdtemp(join(ROOT, "test/docs/snippets-"));
  const roots = [join(ROOT, "test/docs/prelude.ts")];
  const sources = new Map<string, string>();
  for (const page of pages) {
    const home = join(folder, page.path.replaceAll("/", "_"));
    await mkdir(home);
    await writeFile(join(home, "predictor.ts"), `export { default } from "../../example-predictor.ts";\n`);
    await writeFile(join(home, "verbs-of-this-page.ts"), VERB_PARTS);
    await writeFile(join(home, "models.ts"), MODELS);
    for (const block of page.blocks.filter(({ language }) => language === "ts")) {
      const file = join(home, wordOf(block, "file") ?? `line-${block.line}.ts`);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, `${block.code}\nexport {};\n`);
      roots.push(file);
      sources.set(file, placeOf(page, block));
    }
  }
  problems = compile(roots, sources);
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** What the compiler says of each source, by the place that it is from. */
function compile(roots: readonly string[], sources: ReadonlyMap<string, string>): Map<string, string[]> {
  const config = ts.readConfigFile(join(ROOT, "tsconfig.json"), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, ROOT);
  const program = ts.createProgram([...roots], options);
  const found = new Map<string, string[]>([...sources.values()].map((place) => [place, []]));
  for (const [path, place] of sources) {
    const file = program.getSourceFile(path);
    if (file === undefined) throw new Error(`${place} is not part of the program`);
    const all = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    for (const { start = 0, messageText } of all) {
      const { line } = file.getLineAndCharacterOfPosition(start);
      found
        .get(place)
        ?.push(`line ${line + 1} of the block: ${ts.flattenDiagnosticMessageText(messageText, " ")}`);
    }
  }
  return found;
}

const placesOf = (page: Page) =>
  page.blocks.filter(({ language }) => language === "ts").map((block) => placeOf(page, block));

describe.each(pages.map((page) => [basename(page.path), page] as const))(
  "the TypeScript of %s",
  (_, page) => {
    it.each(placesOf(page))("compiles: %s", (place) => {
      expect(problems.get(place)).toEqual([]);
    });
  },
);

it("is compiled without exception", () => {
  const excused = pages.flatMap(({ blocks }) => blocks.filter(({ words }) => words.includes("no-check")));
  expect(excused).toEqual([]);
  expect(problems.size).toBeGreaterThan(20);
});
