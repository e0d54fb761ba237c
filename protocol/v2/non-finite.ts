/** What servers write for the numbers that JSON has no word for. */
const WORDS: ReadonlyMap<unknown, number> = new Map<unknown, number>([
  [null, NaN],
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
]);

/**
 * Puts NaN and infinities back in the place of what stands for them in nested lists of numbers.
 * @param list from JSON.parse: it is changed
 * @param levels how deep it nests
 */
export function restoreNonFinite(list: unknown[], levels: number): void {
  for (let index = 0; index < list.length; index++) {
    const element = list[index];
    if (typeof element === "number") continue;
    if (Array.isArray(element)) {
      if (levels > 1) restoreNonFinite(element, levels - 1);
    } else {
      list[index] = WORDS.get(element) ?? element;
    }
  }
}
