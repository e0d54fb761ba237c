import { KtsError } from "../contract/errors.ts";
import { nearest } from "../contract/nearest.ts";

/*
 * What a flag's or a variable's text says. `source` is how the text came, for the message: `--workers` or
 * `KSERVE_TS_WORKERS`. All of these throw a KtsError KTS_USAGE where the text is no such value.
 */

/** Any text but the empty one. */
export function parseText(text: string, source: string): string {
  if (text === "") throw new KtsError("KTS_USAGE", `${source} needs a value`);
  return text;
}

/** An integer of a range, its bounds included. */
export function parseInteger(text: string, source: string, [least, most]: readonly [number, number]): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw badValue(source, text, `an integer from ${least} to ${most}`);
}

/** One word of several, in any case, or a synonym of one. */
export function parseChoice<Word extends string>(
  text: string,
  source: string,
  words: readonly Word[],
  synonyms: Readonly<Record<string, string>> = {},
): Word {
  const lower = text.toLowerCase();
  const found = words.find((word) => word === (synonyms[lower] ?? lower));
  if (found !== undefined) return found;
  const near = nearest(text, words);
  throw badValue(
    source,
    text,
    `one of ${words.join(", ")}`,
    near.length === 0 ? undefined : `Did you mean ${near.join(" or ")}?`,
  );
}

/** A word for true or false. */
export function parseBoolean(text: string, source: string): boolean {
  const value = readBoolean(text);
  if (value !== undefined) return value;
  throw badValue(source, text, "true or false");
}

const TRUE_WORDS: readonly string[] = ["y", "yes", "t", "true", "on", "1"];
const FALSE_WORDS: readonly string[] = ["n", "no", "f", "false", "off", "0"];

/** What a word says, as Python's strtobool reads it, and so the KServe server; undefined where it is another word. */
export function readBoolean(word: string): boolean | undefined {
  const lower = word.toLowerCase();
  if (TRUE_WORDS.includes(lower)) return true;
  return FALSE_WORDS.includes(lower) ? false : undefined;
}

function badValue(source: string, text: string, expected: string, hint?: string): KtsError {
  return new KtsError("KTS_USAGE", `${source} is ${JSON.stringify(text)}, expected ${expected}`, {
    ...(hint !== undefined && { hint }),
  });
}
