/**
 * The names that a mistyped one most likely stands for; none when nothing is near. Near is a spelling that differs in a
 * third of its letters at most, of which there are two at most, or a name that has what was typed as one of its words
 * (`port` for `http_port`), where there are no more than three.
 */
export function nearest(typed: string, names: readonly string[]): readonly string[] {
  const plain = plainOf(typed);
  const allowed = Math.max(1, Math.floor(plain.length / 3));
  const distances = names.map((name) => ({ name, distance: editDistance(plain, plainOf(name)) }));
  const least = Math.min(...distances.map(({ distance }) => distance));
  if (least <= allowed) {
    return distances.filter(({ distance }) => distance === least).map(({ name }) => name).slice(0, 2); // prettier-ignore
  }
  const withWord = names.filter((name) => plainOf(name).split("_").includes(plain));
  return withWord.length <= 3 ? withWord : [];
}

function plainOf(name: string): string {
  return name.toLowerCase().replaceAll("-", "_");
}

/**
 * How many edits make one word of the other: a letter added, left out or changed, or two neighbours swapped
 * (Damerau-Levenshtein distance, where no part is edited twice).
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let best = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, at(beforeLast, column - 2) + 1);
      }
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] as number;
}
