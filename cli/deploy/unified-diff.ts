/** Lines around a change. */
const CONTEXT = 3;

/** A line of one text, of the other, or of both. */
interface Edit {
  readonly mark: " " | "-" | "+";
  readonly text: string;
}

/** The hunks of a unified diff of two texts, by lines; empty where they are the same. */
export function unifiedDiff(before: string, after: string): readonly string[] {
  if (before === after) return [];
  const edits = editsOf(linesOf(before), linesOf(after));
  const near = edits.map((_, at) =>
    edits.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(({ mark }) => mark !== " "),
  );
  const lines: string[] = [];
  let old = 1;
  let fresh = 1;
  for (let at = 0; at < edits.length;) {
    if (near[at] !== true) {
      old++;
      fresh++;
      at++;
      continue;
    }
    const end = near.indexOf(false, at) === -1 ? edits.length : near.indexOf(false, at);
    const hunk = edits.slice(at, end);
    const oldCount = hunk.filter(({ mark }) => mark !== "+").length;
    const freshCount = hunk.filter(({ mark }) => mark !== "-").length;
    // A side with nothing in it is named by the line before.
    lines.push(
      `@@ -${oldCount === 0 ? old - 1 : old},${oldCount} +${freshCount === 0 ? fresh - 1 : fresh},${freshCount} @@`,
    );
    lines.push(...hunk.map(({ mark, text }) => mark + text));
    old += oldCount;
    fresh += freshCount;
    at = end;
  }
  return lines;
}

function linesOf(text: string): readonly string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

/** The fewest edits, by the longest common subsequence: manifests are some hundred lines. */
function editsOf(before: readonly string[], after: readonly string[]): readonly Edit[] {
  const width = after.length + 1;
  const longest = new Uint32Array((before.length + 1) * width);
  const at = (row: number, column: number): number => longest[row * width + column] as number;
  for (let row = before.length - 1; row >= 0; row--) {
    for (let column = after.length - 1; column >= 0; column--) {
      longest[row * width + column] =
        before[row] === after[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const edits: Edit[] = [];
  let row = 0;
  let column = 0;
  while (row < before.length || column < after.length) {
    if (row < before.length && before[row] === after[column]) {
      edits.push({ mark: " ", text: before[row] as string });
      row++;
      column++;
    } else if (
      column >= after.length ||
      (row < before.length && at(row + 1, column) >= at(row, column + 1))
    ) {
      edits.push({ mark: "-", text: before[row++] as string });
    } else edits.push({ mark: "+", text: after[column++] as string });
  }
  return edits;
}
