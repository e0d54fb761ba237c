/** What follows each word of a text, the most frequent first. */
export type Chain = ReadonlyMap<string, readonly string[]>;

/** Learns from a text which word follows which. */
export function learn(text: string): Chain {
  const words = text.toLowerCase().match(/\p{Letter}+|[.!?]/gu) ?? [];
  const counts = new Map<string, Map<string, number>>();
  for (const [at, word] of words.entries()) {
    const next = words[at + 1];
    if (next === undefined) continue;
    const following = counts.get(word) ?? new Map<string, number>();
    counts.set(word, following.set(next, (following.get(next) ?? 0) + 1));
  }
  const frequentFirst = (following: ReadonlyMap<string, number>): string[] =>
    [...following].toSorted(([, a], [, b]) => b - a).map(([word]) => word);
  return new Map([...counts].map(([word, following]) => [word, frequentFirst(following)]));
}

/**
 * Words that begin with `start` and end with a full stop, or after `maxWords`. A word that comes again is followed by its
 * next successor, so that no sentence goes round in circles.
 */
export function* sentence(chain: Chain, start: string, maxWords: number): Generator<string> {
  const uses = new Map<string, number>();
  let word: string | undefined = start.toLowerCase();
  for (let count = 0; count < maxWords && word !== undefined; count++) {
    yield word;
    const following: readonly string[] = chain.get(word) ?? [];
    const used: number = uses.get(word) ?? 0;
    uses.set(word, used + 1);
    word = following[used % Math.max(1, following.length)];
    if (word !== undefined && /[.!?]/.test(word)) return;
  }
}
