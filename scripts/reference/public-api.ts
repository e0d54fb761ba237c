import ts from "typescript";
import { type Table, code } from "./markdown-table.ts";
import { ENTRY_POINTS, type Sources, docOf } from "./program.ts";

/** What an entry point exports. */
export interface EntryPoint {
  readonly name: string;
  readonly table: Table;
}

/** The exports of every entry point, each with the first sentence of its documentation. */
export function publicApi({ checker, exportsOf }: Sources): readonly EntryPoint[] {
  return Object.entries(ENTRY_POINTS).map(([name, path]) => {
    const rows = exportsOf(path)
      .toSorted((a, b) => a.name.localeCompare(b.name, "en"))
      .map((symbol) => [code(symbol.name), kindOf(symbol), firstSentence(docOf(symbol, checker))]);
    return { name, table: [["export", "kind", "what it is"], ...rows] };
  });
}

function kindOf({ flags }: ts.Symbol): string {
  if (flags & ts.SymbolFlags.Class) return "class";
  if (flags & ts.SymbolFlags.Function) return "function";
  return flags & ts.SymbolFlags.Variable ? "value" : "type";
}

/** Up to the first full stop that ends a sentence. */
function firstSentence(text: string): string {
  return /^.*?[.!?](?=\s+[A-Z`@]|$)/.exec(text)?.[0] ?? text;
}
