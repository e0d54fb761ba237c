import { parseBoolean, parseChoice, parseInteger, parseText } from "../runtime/option-text.ts";
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
  return { env: [], repeatable: false, ...spec, parse: parseText };
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
    parse: (value, source, earlier = []) => [...earlier, parseText(value, source)],
  };
}

/** Any number of words of several, one a flag or between commas; each once. */
export function choices<const Word extends string>(
  spec: Omit<Common<never>, "default"> & { readonly of: readonly Word[] },
): Option<readonly Word[]> {
  const { of: words, ...common } = spec;
  return {
    env: [],
    repeatable: true,
    default: [],
    ...common,
    placeholder: `<${words.join("|")}>`,
    words,
    parse(value, source, earlier = []) {
      const given = value.split(",").map((word) => parseChoice(word, source, words));
      return [...new Set([...earlier, ...given])];
    },
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
    words,
    parse: (value, source) => parseChoice(value, source, words),
  };
}

/** An integer of a range, its bounds included. */
export function integer<Default extends number | undefined>(
  spec: Common<Default> & { readonly range: readonly [number, number] },
): Option<number | Default> {
  const { range, ...common } = spec;
  return {
    env: [],
    repeatable: false,
    ...common,
    placeholder: "<integer>",
    parse: (value, source) => parseInteger(value, source, range),
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
    parse: parseBoolean,
  };
}
