import { exitCodes } from "../../cli/exit-codes.ts";
import { GLOBAL_OPTIONS } from "../../cli/global-options.ts";
import { defaultText, spellings, turnedOffBy, usageOf } from "../../cli/help.ts";
import type { Options, Verb } from "../../cli/verb.ts";
import { ERROR_CATALOGUE } from "../../contract/errors.ts";

/** A table of the documentation: its header and rows, as text of Markdown. */
export type Table = readonly (readonly string[])[];

/** Every verb, with what it does. */
export function verbTable(verbs: readonly Verb[]): Table {
  return [["verb", "what it does"], ...verbs.map((verb) => [code(usageOf(verb)), verb.summary])];
}

/** The options of a verb. */
export function optionTable(options: Options): Table {
  const rows = Object.values(options).map((option) => {
    const isToggle = option.placeholder === undefined;
    const byDefault = defaultText(option) ?? (isToggle ? "off" : undefined);
    const off = turnedOffBy(option);
    return [
      code(spellings(option)),
      byDefault === undefined ? "" : code(byDefault),
      option.env.map(code).join(", "),
      [
        option.doc,
        ...(option.repeatable ? ["May be repeated."] : []),
        ...(off === undefined ? [] : [`Off: ${code(off)}.`]),
      ].join(" "),
    ];
  });
  return [["option", "default", "environment", "meaning"], ...rows];
}

/** The options of every verb. */
export function globalOptionTable(): Table {
  const rows = Object.values(GLOBAL_OPTIONS).map((option) => [code(spellings(option)), option.doc]);
  return [["option", "meaning"], ...rows];
}

/** Exit codes, with the errors that have them. */
export function exitCodeTable(): Table {
  const rows = exitCodes().map(({ code: exit, meaning, errors }) => {
    return [String(exit), meaning, errors.map(code).join(", ")];
  });
  return [["exit code", "meaning", "errors"], ...rows];
}

/** The error catalogue. */
export function errorTable(): Table {
  const rows = Object.entries(ERROR_CATALOGUE).map(([name, { http, grpc, exit, hint }]) => {
    return [code(name), String(http), String(grpc), String(exit), hint];
  });
  return [["code", "HTTP", "gRPC", "exit", "what to do"], ...rows];
}

function code(text: string): string {
  return `\`${text}\``;
}

/** A table as Markdown. */
export function markdown([header = [], ...rows]: Table): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

/** The tables of a Markdown text, whatever their cells are padded with. */
export function tablesOf(text: string): Table[] {
  const tables: string[][][] = [];
  let inTable = false;
  for (const line of text.split("\n")) {
    if (!line.startsWith("|")) {
      inTable = false;
      continue;
    }
    const cells = line.split(/(?<!\\)\|/).slice(1, -1);
    const row = cells.map((cell) => cell.trim().replaceAll("\\|", "|"));
    if (!inTable) tables.push([]);
    inTable = true;
    if (!row.every((cell) => /^:?-+:?$/.test(cell))) tables.at(-1)?.push(row);
  }
  return tables;
}
