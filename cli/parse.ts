import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { KtsError } from "../contract/errors.ts";
import { GLOBAL_OPTIONS } from "./global-options.ts";
import { nearest } from "../contract/nearest.ts";
import { readBoolean } from "../runtime/option-text.ts";
import type { Environment, Option, Verb } from "./verb.ts";

/** What the words after a verb say. */
export interface ParsedWords {
  /** Arguments by name; those left out have their defaults. */
  readonly arguments: Readonly<Record<string, string>>;
  /** Values of the options that were given, by key. */
  readonly given: Readonly<Record<string, unknown>>;
  /** Ignored flags that were given, as written. */
  readonly ignored: readonly string[];
}

/** What of a verb decides how its words are read. The name is empty for the words in front of a verb. */
type Reading = Pick<Verb, "name" | "arguments" | "options" | "ignoredFlags" | "strayOption">;

/**
 * Reads the words after a verb.
 *
 * `--flag value`, `--flag=value` and `-f value` mean the same, and so do `-` and `_` within a flag. A toggle may
 * stand alone, be followed by a word for true or false, or be negated: `--no-flag`. The last of several wins.
 * Words after `--` are arguments.
 *
 * @throws KtsError KTS_USAGE naming what is wrong; for an unknown option with the nearest ones
 */
export function parseWords(verb: Reading, words: readonly string[]): ParsedWords {
  const flags = new Flags(verb);
  const { tokens } = parseArgs({
    args: plainSpelling(words),
    options: flags.config,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given: Record<string, unknown> = {};
  const positionals: string[] = [];
  const ignored: string[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] as (typeof tokens)[number];
    if (token.kind === "positional") positionals.push(words[token.index] as string);
    if (token.kind !== "option") continue;
    const word = words[token.index] as string;
    const source = token.rawName.startsWith("--") ? (word.split("=", 1)[0] as string) : token.rawName;
    const flag = flags.find(token.rawName);
    if (flag === undefined) throw unknownOption(verb, source);
    const next = tokens[at + 1];
    const neighbour = next?.kind === "positional" && next.index === token.index + 1 ? next.value : undefined;
    const takes = token.value === undefined && neighbour !== undefined && flag.takesNext(neighbour);
    if (takes) at++;
    const text = takes ? neighbour : token.value;
    if (flag.kind === "ignored") {
      ignored.push(text === undefined ? source : `${source} ${text}`);
    } else if (flag.kind === "negated") {
      if (text !== undefined) throw new KtsError("KTS_USAGE", `${source} takes no value`);
      given[flag.key] = false;
    } else {
      const { option, key } = flag;
      if (option.placeholder !== undefined) requireValue(source, text, token.inlineValue === true);
      given[key] = option.parse(text ?? "true", source, given[key]);
    }
  }
  return { arguments: nameArguments(verb, positionals), given, ignored };
}

/** Values of all of a verb's options, and which of them somebody chose. */
export interface OptionValues {
  readonly values: Readonly<Record<string, unknown>>;
  /** Keys that a flag or the environment has set. */
  readonly given: ReadonlySet<string>;
}

/**
 * The values of all of a verb's options: the flags', else the environment's, else the defaults.
 * @throws KtsError KTS_USAGE when a variable's text is no value of its option
 */
export function optionValues(
  verb: Pick<Verb, "options" | "fromEnvironment">,
  given: Readonly<Record<string, unknown>>,
  env: Environment,
): OptionValues {
  const entries = Object.entries(verb.options);
  const defaults = Object.fromEntries(entries.map(([key, option]) => [key, option.default]));
  const set = verb.fromEnvironment === undefined ? fromEnvironment(entries, env) : verb.fromEnvironment(env);
  const chosen = { ...set, ...given };
  return { values: { ...defaults, ...chosen }, given: new Set(Object.keys(chosen)) };
}

function fromEnvironment(entries: readonly [string, Option][], env: Environment): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [key, option] of entries) {
    const name = option.env.find((candidate) => env[candidate] !== undefined && env[candidate] !== "");
    if (name !== undefined) found[key] = option.parse(env[name] as string, name, undefined);
  }
  return found;
}

/** What a flag does. */
type Flag = { takesNext(word: string): boolean } & (
  | { readonly kind: "option"; readonly key: string; readonly option: Option }
  | { readonly kind: "negated"; readonly key: string }
  | { readonly kind: "ignored" }
);

const isBoolean = (word: string) => readBoolean(word) !== undefined;
const never = () => false;
const always = () => true;

/** The flags of a verb by `--name` and `-n`, names in the plain spelling. */
class Flags {
  readonly #byName = new Map<string, Flag>();

  constructor({ options, ignoredFlags = [] }: Reading) {
    for (const flag of ignoredFlags) {
      // The KServe server's switches take a word; a folder that follows one is not its value.
      const isSwitch = /^(enable|configure)_/.test(flag);
      this.#byName.set(longName(flag), { kind: "ignored", takesNext: isSwitch ? isBoolean : always });
    }
    for (const [key, option] of Object.entries({ ...GLOBAL_OPTIONS, ...options })) {
      const isToggle = option.placeholder === undefined;
      const flag: Flag = { kind: "option", key, option, takesNext: isToggle ? isBoolean : never };
      this.#byName.set(longName(option.flag), flag);
      if (option.short !== undefined) this.#byName.set(`-${option.short}`, flag);
      if (isToggle)
        this.#byName.set(longName(`no-${option.flag}`), { kind: "negated", key, takesNext: never });
    }
  }

  find(rawName: string): Flag | undefined {
    return this.#byName.get(rawName);
  }

  /** The table that Node's parser wants: which flags take the next word in any case. */
  get config(): ParseArgsOptionsConfig {
    const config: ParseArgsOptionsConfig = {};
    for (const [name, flag] of this.#byName) {
      if (!name.startsWith("--")) continue;
      const takesValue = flag.kind === "option" && flag.option.placeholder !== undefined;
      const short = flag.kind === "option" ? flag.option.short : undefined;
      config[name.slice(2)] = {
        type: takesValue ? "string" : "boolean",
        ...(short !== undefined && { short }),
      };
    }
    return config;
  }
}

function longName(flag: string): string {
  return `--${flag.replaceAll("_", "-")}`;
}

/** Node's parser knows one spelling of a flag. */
function plainSpelling(words: readonly string[]): string[] {
  const end = words.indexOf("--");
  return words.map((word, at) => {
    if (!word.startsWith("--") || (end !== -1 && at >= end)) return word;
    const [name = ""] = word.split("=", 1);
    return name.replaceAll("_", "-") + word.slice(name.length);
  });
}

/** A value that looks like a flag is most likely one whose neighbour lost its value. */
function requireValue(source: string, text: string | undefined, inline: boolean): void {
  if (text === undefined) throw new KtsError("KTS_USAGE", `${source} needs a value`);
  if (inline || text === "-" || !text.startsWith("-")) return;
  throw new KtsError("KTS_USAGE", `${source} needs a value, but ${text} follows`, {
    hint: `If that is the value, write ${source}=${text}`,
  });
}

function nameArguments(verb: Reading, positionals: readonly string[]): Record<string, string> {
  const names = Object.keys(verb.arguments);
  const extra = positionals[names.length];
  if (extra !== undefined) {
    const most = names.length === 0 ? "no arguments" : `only ${names.join(" and ")}`;
    throw new KtsError(
      "KTS_USAGE",
      `unexpected argument ${JSON.stringify(extra)}: ${verb.name} takes ${most}`,
      {
        hint:
          verb.strayOption === undefined ? helpHint(verb) : `Did you mean --${verb.strayOption} ${extra}?`,
      },
    );
  }
  const named: Record<string, string> = {};
  for (const [at, name] of names.entries()) {
    const value = positionals[at] ?? verb.arguments[name]?.default;
    if (value === undefined) {
      throw new KtsError("KTS_USAGE", `${verb.name} needs <${name}>`, { hint: helpHint(verb) });
    }
    named[name] = value;
  }
  return named;
}

function unknownOption(verb: Reading, source: string): KtsError {
  const flags = Object.values({ ...verb.options, ...GLOBAL_OPTIONS }).map(({ flag }) => flag);
  const typed = source.replace(/^-+(no[-_])?/, "");
  const near = source.startsWith("--") ? nearest(typed, flags) : [];
  const spelt = near.map((flag) => (/^[^_]*-/.test(typed) ? longName(flag) : `--${flag}`));
  const guess = spelt.length === 0 ? "" : `Did you mean ${spelt.join(" or ")}? `;
  return new KtsError("KTS_USAGE", `there is no option ${source}`, { hint: guess + helpHint(verb) });
}

function helpHint({ name }: Reading): string {
  if (name !== "") return `kserve-ts ${name} --help lists what it takes.`;
  return "A verb's options come after its name; kserve-ts --help lists the others.";
}
