/** A table of the reference: its header and rows, as text of Markdown. */
export type Table = readonly (readonly string[])[];

/** A table as Markdown. */
export function markdownTable([header = [], ...rows]: Table): string {
  const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll(/\s*\n\s*/g, " ");
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

/** A text as code. */
export function code(text: string): string {
  return `\`${text}\``;
}
