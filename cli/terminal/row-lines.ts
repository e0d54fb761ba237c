import { layOut } from "./columns.ts";
import { printable } from "./printable.ts";

/** Rows of somebody else's texts in columns, indented. */
export function rowLines(rows: readonly (readonly string[])[]): readonly string[] {
  return layOut(
    rows.map((row) => row.map(printable)),
    2,
  );
}
