/**
 * Lays rows out in columns, each as wide as its widest cell and two spaces apart. The last column is not padded.
 * @param indent spaces in front of each row
 */
export function layOut(rows: readonly (readonly string[])[], indent = 0): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  }
  return rows.map((row) => {
    const cells = row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] as number)));
    return `${" ".repeat(indent)}${cells.join("  ")}`.trimEnd();
  });
}
