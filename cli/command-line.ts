import { KtsError } from "../contract/errors.ts";
import { productVersion } from "../runtime/product-version.ts";
import { outputLost } from "./failure.ts";
import { GLOBAL_OPTIONS } from "./global-options.ts";
import { rootHelp, verbHelp } from "./help.ts";
import { nearest } from "../contract/nearest.ts";
import { optionValues, parseWords } from "./parse.ts";
import type { Terminal } from "./terminal/terminal.ts";
import type { Environment } from "./verb.ts";
import type { VerbTable } from "./verb-table.ts";

/** A command line, taken apart as far as it goes without knowing the verb. */
export interface CommandLine {
  /** The first word that is no option. */
  readonly verbName: string | undefined;
  /** The words in front of the verb: options that every verb has. */
  readonly before: readonly string[];
  /** The words after it. */
  readonly after: readonly string[];
  /** Errors are shown with their stacks. */
  readonly isVerbose: boolean;
}

/** Takes the words of a command line apart. */
export function readCommandLine(words: readonly string[]): CommandLine {
  const first = words.findIndex((word, at) => !word.startsWith("-") && words[at - 1] !== "--progress");
  const at = first === -1 ? words.length : first;
  return {
    verbName: words[at],
    before: words.slice(0, at),
    after: words.slice(at + 1),
    isVerbose: asks(words, "--verbose"),
  };
}

/**
 * What a command line asks for: a text to show, or a verb to run, which gives the exit code.
 * @param verbs those there are
 * @throws KtsError KTS_USAGE when the verb, an option or an argument is wrong
 */
export async function planWith(
  verbs: VerbTable,
  { verbName, before, after, isVerbose }: CommandLine,
  env: Environment,
  terminal: Terminal,
): Promise<string | (() => Promise<number>)> {
  const words = [...before, ...after];
  if (asks(words, "--version", "-v")) return `kserve-ts ${productVersion()}`;
  parseWords({ name: "", arguments: {}, options: {} }, before);
  optionValues({ options: GLOBAL_OPTIONS }, {}, env);
  const wantsHelp = asks(words, "--help", "-h");
  const named = verbName === "help" ? after.find((word) => !word.startsWith("-")) : verbName;
  if (named === undefined) return rootHelp(await verbs.all(), productVersion(), terminal);
  const verb = await verbs.find(named);
  if (verb === undefined) throw unknownVerb(named, verbs.names);
  if (wantsHelp || verbName === "help") return verbHelp(verb, terminal);
  const parsed = parseWords(verb, after);
  const { values, given } = optionValues(verb, parsed.given, env);
  return async () => {
    const { arguments: args, ignored } = parsed;
    const run = () =>
      verb.run({ arguments: args, options: values, given, ignored, env, terminal, isVerbose });
    // A server drains before an exception ends it, and has served, whatever became of its greeting.
    if (verb.isServer === true) return run();
    const exitCode = await Promise.race([run(), uncaughtException()]);
    const lost = await terminal.flush();
    if (lost !== undefined) throw outputLost(lost);
    return exitCode;
  };
}

/** Rejects with what nobody caught, so that it is told like any other failure. */
function uncaughtException(): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  process.on("uncaughtException", reject);
  return promise;
}

/** Whether a word is among those that are not arguments in any case. */
function asks(words: readonly string[], ...wanted: readonly string[]): boolean {
  const end = words.indexOf("--");
  return words.slice(0, end === -1 ? words.length : end).some((word) => wanted.includes(word));
}

function unknownVerb(name: string, names: readonly string[]): KtsError {
  const near = nearest(name, [...names, "help"]);
  const looksLikePath = /[/.]/.test(name);
  const guess =
    near.length > 0
      ? `Did you mean kserve-ts ${near.join(" or ")}? `
      : looksLikePath
        ? `Did you mean kserve-ts serve ${name}? `
        : "";
  return new KtsError("KTS_USAGE", `there is no verb ${JSON.stringify(name)}`, {
    hint: `${guess}kserve-ts --help lists the verbs.`,
  });
}
