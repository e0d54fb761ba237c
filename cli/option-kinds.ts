import { KtsError } from "../contract/errors.ts";
import type { Option } from "./verb.ts";

/** What every kind of option says. */
interface Common<Default> {
  readonly flag: string;
  readonly short?: string;
  readonly default: Default;
  readonly env?: readonly string[];
  readonly doc: string;
}

/** Any text but the empty one. */
export function text<Default extends string | undefined>(
  spec: Common<Default> & { readonly placeholder: string },
): Option<string | Default> {
  return { env: [], repeatable: false, ...spec, parse: nonEmpty };
}

/** Any number of texts, one a flag. */
export function texts(
  spec: Omit<Common<never>, "default"> & { readonly placeholder: string },
): Option<readonly string[]> {
  return {
    env: [],
    repeatable: true,
    default: [],
    ...spec,
    parse: (value, source, earlier = []) => [...earlier, nonEmpty(value, source)],
  };
}

/** One word of several. */
export function choice<const Word extends string, Default extends Word | undefined>(
  spec: Common<Default> & { readonly of: readonly Word[] },
): Option<Word | Default> {
  const { of: words, ...common } = spec;
  return {
    env: [],
    repeatable: false,
    ...common,
    placeholder: `<${words.join("|")}>`,
    parse(value, source) {
      const word = words.find((candidate) => candidate === value.toLowerCase());
      if (word !== undefined) return word;
      throw badValue(source, value, `one of ${words.join(", ")}`);
    },
  };
}

/** An integer of a range, its bounds included. */
export function integer<Default extends number | undefined>(
  spec: Common<Default> & { readonly range: readonly [number, number] },
): Option<number | Default> {
  const { range, ...common } = spec;
  const [least, most] = range;
  return {
    env: [],
    repeatable: false,
    ...common,
    placeholder: "<integer>",
    parse(value, source) {
      const number = /^\d+$/.test(value) ? Number(value) : NaN;
      if (number >= least && number <= most) return number;
      throw badValue(source, value, `an integer from ${least} to ${most}`);
    },
  };
}

/** On or off; off where it is left out, unless its default is on. */
export function toggle(
  spec: Omit<Common<never>, "default"> & { readonly default?: boolean },
): Option<boolean> {
  return {
    env: [],
    repeatable: false,
    default: false,
    ...spec,
    placeholder: undefined,
    parse(value, source) {
      const word = readBoolean(value);
      if (word !== undefined) return word;
      throw badValue(source, value, "true or false");
    },
  };
}

const TRUE_WORDS: readonly string[] = ["y", "yes", "t", "true", "on", "1"];
const FALSE_WORDS: readonly string[] = ["n", "no", "f", "false", "off", "0"];

/** What a word says of a toggle, as Python's strtobool reads it; undefined when it is another word. */
export function readBoolean(word: string): boolean | undefined {
  const lower = word.toLowerCase();
  if (TRUE_WORDS.includes(lower)) return true;
  return FALSE_WORDS.includes(lower) ? false : undefined;
}

function nonEmpty(value: string, source: string): string {
  if (value === "") throw new KtsError("KTS_USAGE", `${source} needs a value`);
  return value;
}

function badValue(source: string, value: string, expected: string): KtsError {
  return new KtsError("KTS_USAGE", `${source} is ${JSON.stringify(value)}, expected ${expected}`);
}
