import { GLOBAL_OPTIONS } from "../global-options.ts";
import { turnedOffBy } from "../help.ts";
import type { Argument, Option, Verb } from "../verb.ts";

/** What may stand in a place of the command line. */
export type Completion =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "file" | "folder" }
  /** Something that cannot be told beforehand, such as a name. */
  | { readonly kind: "any" };

/** A flag as completion offers it. */
export interface CompletableFlag {
  /** `--output` and `-o`. */
  readonly spellings: readonly string[];
  /** A sentence at most. */
  readonly doc: string;
  /** What follows it; undefined where nothing has to. */
  readonly value: Completion | undefined;
  readonly isRepeatable: boolean;
}

/** A verb as completion offers it. */
export interface CompletableVerb {
  readonly name: string;
  readonly doc: string;
  readonly flags: readonly CompletableFlag[];
  /** By position. */
  readonly arguments: readonly Completion[];
}

/** What completion needs to know of the verbs; `help` is one of them, and takes a verb's name. */
export function completableVerbs(verbs: readonly Verb[]): readonly CompletableVerb[] {
  const help: CompletableVerb = {
    name: "help",
    doc: "Show help, of a verb where one is named",
    flags: [],
    arguments: [{ kind: "words", words: verbs.map(({ name }) => name) }],
  };
  return [...verbs.map(completableVerb), help];
}

/** The flags that may stand in front of a verb. */
export function globalFlags(): readonly CompletableFlag[] {
  return Object.values(GLOBAL_OPTIONS).flatMap(completableFlags);
}

function completableVerb(verb: Verb): CompletableVerb {
  return {
    name: verb.name,
    doc: verb.summary,
    flags: [...Object.values(verb.options).flatMap(completableFlags), ...globalFlags()],
    arguments: Object.entries(verb.arguments).map(([name, argument]) => argumentCompletion(name, argument)),
  };
}

function completableFlags(option: Option): readonly CompletableFlag[] {
  const { flag, short, doc, repeatable: isRepeatable } = option;
  const spellings = [`--${flag}`, ...(short === undefined ? [] : [`-${short}`])];
  const off = turnedOffBy(option);
  return [
    { spellings, doc: firstSentence(doc), value: valueCompletion(option), isRepeatable },
    ...(off === undefined
      ? []
      : [{ spellings: [off], doc: `Turns ${flag} off`, value: undefined, isRepeatable: false }]),
  ];
}

function valueCompletion({ placeholder, words }: Option): Completion | undefined {
  if (placeholder === undefined) return undefined;
  if (words !== undefined) return { kind: "words", words };
  if (placeholder === "<folder>") return { kind: "folder" };
  return { kind: /^<(file|path)[|.>]/.test(placeholder) ? "file" : "any" };
}

function argumentCompletion(name: string, { words }: Argument): Completion {
  if (words !== undefined) return { kind: "words", words };
  return { kind: name === "dir" ? "folder" : "any" };
}

/** Without its full stop. */
function firstSentence(doc: string): string {
  return (/^.*?(?=\.(\s|$))/s.exec(doc)?.[0] ?? doc).replaceAll(/\s+/g, " ");
}
