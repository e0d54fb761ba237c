import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TEMPLATES } from "../../cli/init/templates.ts";
import { VERBS } from "../../cli/verbs.ts";
import {
  type Table,
  errorTable,
  exitCodeTable,
  globalOptionTable,
  markdown,
  optionTable,
  tablesOf,
  verbTable,
} from "./reference-tables.ts";
import { ROOT } from "./run-cli.ts";

const verbs = await VERBS.all();
const cliPage = await readFile(join(ROOT, "docs/04-cli.md"), "utf8");
const errorsPage = await readFile(join(ROOT, "docs/06-errors.md"), "utf8");

/** The section of a page under a heading. */
function section(page: string, heading: string): string {
  const found = page.split(/^(?=#+ )/m).find((part) => part.split("\n")[0]?.endsWith(` ${heading}`));
  return found ?? `there is no section ${heading}`;
}

/** When a table differs, what it should be is in the failure's message, to be put into the page. */
function expectTable(text: string, table: Table): void {
  const [first] = tablesOf(text);
  expect(first, `expected this table:\n\n${markdown(table)}\n`).toEqual(table);
}

describe("docs/04-cli.md", () => {
  it("has the table of the verbs", () => expectTable(section(cliPage, "Verbs"), verbTable(verbs)));

  it("has the table of the options that every verb has", () =>
    expectTable(section(cliPage, "Options of every verb"), globalOptionTable()));

  it.each(verbs.map((verb) => [verb.name, verb] as const))(
    "has the table of the options of %s",
    (name, verb) => {
      const text = section(cliPage, `\`kserve-ts ${name}\``);
      if (Object.keys(verb.options).length > 0) expectTable(text, optionTable(verb.options));
      else expect(tablesOf(text)).toEqual([]);
    },
  );

  it("has the table of the templates", () => {
    const [, table] = tablesOf(section(cliPage, "`kserve-ts init`"));
    const rows = Object.entries(TEMPLATES).map(([name, what]) => [`\`${name}\``, what]);
    expect(table).toEqual([["template", "what it is"], ...rows]);
  });

  it("has the table of the exit codes", () => expectTable(section(cliPage, "Exit codes"), exitCodeTable()));

  it("names every flag that is accepted without effect", () => {
    for (const flag of verbs.flatMap(({ ignoredFlags = [] }) => ignoredFlags)) {
      expect(cliPage).toContain(`\`--${flag}\``);
    }
  });
});

describe("docs/06-errors.md", () => {
  it("has the table of the errors", () => expectTable(errorsPage, errorTable()));
});
