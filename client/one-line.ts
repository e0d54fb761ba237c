import { shorten } from "../contract/describe.ts";

/** Characters of a foreign text that go into a message. */
const MOST_CHARACTERS = 1000;

/** A foreign text as part of a message: on one line, and not too long. */
export function oneLine(text: string): string {
  return shorten(text.replaceAll(/\s+/g, " ").trim(), MOST_CHARACTERS);
}
