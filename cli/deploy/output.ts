import { choice } from "../option-kinds.ts";
import { layOut } from "../terminal/columns.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** How a verb that prints objects prints them. */
export const OUTPUT_FORMATS = ["table", "json", "yaml"] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** The option `-o` of verbs that print objects. */
export const OUTPUT_OPTION = choice({
  flag: "output",
  short: "o",
  of: OUTPUT_FORMATS,
  default: "table",
  doc: "table: for people. json and yaml: the whole, for programs.",
});

/** A table: a row of headings, and the rows under it. */
export interface Table {
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What is printed: the whole, and what a person sees of it. */
export interface Printed {
  readonly value: unknown;
  /** Lines as they are, or a table. */
  table(): Table | readonly string[];
}

/** Prints in a format. Texts that are secret are hidden in each, as they hide themselves. */
export async function printAs(
  format: OutputFormat,
  { value, table }: Printed,
  terminal: Terminal,
): Promise<void> {
  if (format === "json") return terminal.print(JSON.stringify(value, null, terminal.isInteractive ? 2 : 0));
  if (format === "yaml") return terminal.print((await yamlText(value)).trimEnd());
  const shown = table();
  for (const line of "headings" in shown ? tableLines(shown, terminal) : shown) terminal.print(line);
}

/** A table's lines, the headings in bold. */
export function tableLines({ headings, rows }: Table, terminal: Terminal): readonly string[] {
  const [head = "", ...lines] = layOut([headings, ...rows]);
  return [terminal.style("bold", head), ...lines];
}

async function yamlText(value: unknown): Promise<string> {
  const { stringify } = await import("yaml");
  // Through JSON, as a secret text hides itself there.
  return stringify(JSON.parse(JSON.stringify(value)), { lineWidth: 0, aliasDuplicateObjects: false });
}
