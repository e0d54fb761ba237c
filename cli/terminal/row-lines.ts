import { layOut } from "./columns.ts";
import { printable } from "./printable.ts";

/** Rows of somebody else's texts in columns, indented. */
export function rowLines(rows: readonly (readonly string[])[]): readonly string[] {
  return layOut(
    rows.map((row) => row.map(printable)),
    2,
  );
}

/** Rows of a name and a value, without those that have none. */
export function present(
  rows: readonly (readonly [name: string, value: string | undefined])[],
): readonly (readonly [name: string, value: string])[] {
  return rows.flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [[name, value] as const],
  );
}
