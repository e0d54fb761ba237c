import { readCommandLine } from "../../cli/command-line.ts";
import { optionValues, parseWords } from "../../cli/parse.ts";
import { VERBS } from "../../cli/verbs.ts";

/**
 * What the command line says against some words, without running anything; undefined: nothing.
 * @param isExact whether arguments that a verb wants have to be there. Default true
 */
export async function commandProblem(words: readonly string[], isExact = true): Promise<string | undefined> {
  const { verbName, before, after } = readCommandLine(words);
  try {
    parseWords({ name: "", arguments: {}, options: {} }, before);
    if (verbName === undefined) return undefined;
    const verb = await VERBS.find(verbName === "help" ? (after[0] ?? "serve") : verbName);
    if (verb === undefined) return `there is no verb ${verbName}`;
    if (verbName === "help") return undefined;
    const args = isExact
      ? verb.arguments
      : Object.fromEntries(
          Object.entries(verb.arguments).map(([name, { doc }]) => [name, { doc, default: "" }]),
        );
    const { given } = parseWords({ ...verb, arguments: args }, after);
    optionValues(verb, given, {});
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
