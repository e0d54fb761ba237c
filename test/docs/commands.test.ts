import { describe, expect, it } from "vitest";
import { commandProblem } from "./command-problem.ts";
import { type Page, placeOf, readPages } from "./documents.ts";
import { commandsOf, commandsOfLine, ownWords } from "./shell.ts";

/** Blocks of a shell. One without a language is one as well, where a line of it is a command of ours. */
const SHELLS = ["", "sh", "console"];

/** A command line of ours, with its place. */
interface Typed {
  readonly place: string;
  readonly words: readonly string[];
}

function typedIn(page: Page): Typed[] {
  const inBlocks = page.blocks
    .filter(({ language }) => SHELLS.includes(language))
    .flatMap((block) => commandsOf(block.code).map((command) => ({ place: placeOf(page, block), command })));
  const inWorkflows = page.blocks
    .filter(({ language }) => language === "yaml")
    .flatMap((block) =>
      [...block.code.matchAll(/^\s*(?:- )?run: (.*)$/gm)].flatMap(([, line = ""]) =>
        commandsOfLine(line).map((command) => ({ place: placeOf(page, block), command })),
      ),
    );
  const text = page.text.replaceAll(/^```[^]*?^```$/gm, "");
  // In a sentence `kserve-ts deploy` is the verb's name as often as a command; with an option it is a command.
  const inSentences = [...text.matchAll(/`((?:npx )?kserve-ts [^`]+)`/g)].flatMap(([, line = ""]) =>
    commandsOfLine(line.replaceAll("\\|", "|")).map((command) => ({
      place: `${page.path}, in the text`,
      command,
    })),
  );
  return [...inBlocks, ...inWorkflows, ...inSentences].flatMap(({ place, command }) => {
    const words = ownWords(command);
    return words === undefined ? [] : [{ place, words }];
  });
}

/** A name for what is to be put in: `<verb>`, `NAME`, `[dir]`, `...`. */
const isPlaceholder = (word: string) => /^(<.*>|\[.*\]|\.\.\.|…)$/.test(word);

const typed = (await readPages()).flatMap(typedIn).filter(({ words }) => !words.some(isPlaceholder));
const cases = [...new Map(typed.map((one) => [`${one.place}: kserve-ts ${one.words.join(" ")}`, one]))];

describe("the commands of the documentation", () => {
  it.each(cases)("%s", async (_name, { place, words }) => {
    expect(await commandProblem(words, !place.endsWith("in the text"))).toBeUndefined();
  });

  it("are many", () => expect(cases.length).toBeGreaterThan(40));
});
