/**
 * Whether two texts of TypeScript say the same, however they are laid out: projects format what is in them, with line
 * breaks, quotes, semicolons and trailing commas of their own.
 */
export function saysTheSame(a: string, b: string): boolean {
  return a === b || plain(a) === plain(b);
}

function plain(text: string): string {
  return text
    .replace(/\s+/g, "")
    .replaceAll("'", '"')
    .replace(/;/g, "")
    .replace(/,(?=[\])}>])/g, "")
    .replace(/(?<=[=(<:,])\|/g, "");
}
