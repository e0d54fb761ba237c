import { exitCodes } from "./exit-codes.ts";
import { GLOBAL_OPTIONS } from "./global-options.ts";
import { layOut } from "./terminal/columns.ts";
import type { Terminal } from "./terminal/terminal.ts";
import { wrap } from "./terminal/wrap.ts";
import type { Argument, Option, Options, Verb } from "./verb.ts";

/** What help needs of a terminal. */
export type Page = Pick<Terminal, "width" | "style">;

/** The help of `kserve-ts` itself. */
export function rootHelp(verbs: readonly Verb[], version: string, page: Page): string {
  return joinSections([
    wrap(`kserve-ts ${version}: a model behind a KServe endpoint, from one TypeScript module`, page.width),
    `${heading("Usage:", page)} kserve-ts <verb> [arguments] [options]`,
    section("Verbs:", rows(verbs.map((verb) => [usageOf(verb), verb.summary]), page), page), // prettier-ignore
    section("Options:", rows(Object.values(GLOBAL_OPTIONS).map((option) => [spellings(option), option.doc]), page), page), // prettier-ignore
    section("Exit codes:", rows(exitCodes().map(({ code, meaning }) => [String(code), meaning]), page), page), // prettier-ignore
    wrap("kserve-ts <verb> --help shows a verb's arguments, options and examples.", page.width),
  ]);
}

/** The help of one verb. */
export function verbHelp(verb: Verb, page: Page): string {
  return joinSections([
    wrap(`${verb.summary}.`, page.width),
    ...verb.description.map((paragraph) => wrap(paragraph, page.width)),
    `${heading("Usage:", page)} kserve-ts ${usageOf(verb)} [options]`,
    section("Arguments:", Object.entries(verb.arguments).map(([name, argument]) => argumentEntry(name, argument, page)), page), // prettier-ignore
    section("Options:", optionEntries(verb.options, page), page),
    section("Of every verb:", optionEntries(GLOBAL_OPTIONS, page), page),
    ignoredSection(verb, page),
    section("Examples:", verb.examples.map(({ says, command }) => exampleEntry(says, command, page)), page), // prettier-ignore
  ]);
}

/** A verb with its arguments: `serve [dir]`. */
export function usageOf({ name, arguments: args }: Pick<Verb, "name" | "arguments">): string {
  const words = Object.entries(args).map(([argument, spec]) =>
    spec.default === undefined ? `<${argument}>` : `[${argument}]`,
  );
  return [name, ...words].join(" ");
}

/** An option as one types it: `-o, --output <json|table>`. */
export function spellings(option: Option): string {
  const short = option.short === undefined ? "" : `-${option.short}, `;
  const value = option.placeholder === undefined ? "" : ` ${option.placeholder}`;
  return `${short}--${option.flag}${value}`;
}

/**
 * A default as text; undefined where there is none to name, which the option's own text then explains, and for a toggle
 * that is off, since that is what leaving it out means.
 */
export function defaultText({ placeholder, default: value }: Option): string | undefined {
  if (placeholder === undefined) return value === true ? "on" : undefined;
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return undefined;
  return String(value);
}

/** How to turn off what is on by default: `--no-enable_grpc`. Undefined for any other option. */
export function turnedOffBy({ placeholder, default: value, flag }: Option): string | undefined {
  return placeholder === undefined && value === true ? `--no-${flag}` : undefined;
}

function argumentEntry(name: string, argument: Argument, page: Page): string {
  const { default: value = "" } = argument;
  const byDefault = value === "" ? [] : [`Default: ${value}`];
  return entry(name, argument.doc, byDefault, page);
}

function optionEntries(options: Options, page: Page): string[] {
  return Object.values(options).map((option) => {
    const byDefault = defaultText(option);
    const off = turnedOffBy(option);
    const facts = [
      ...(option.repeatable ? ["May be repeated"] : []),
      ...(byDefault === undefined ? [] : [`Default: ${byDefault}`]),
      ...(off === undefined ? [] : [`Off: ${off}`]),
      ...(option.env.length === 0 ? [] : [`Environment: ${option.env.join(", ")}`]),
    ];
    return entry(spellings(option), option.doc, facts, page);
  });
}

function entry(name: string, doc: string, facts: readonly string[], page: Page): string {
  const lines = [`  ${page.style("cyan", name)}`, wrap(doc, page.width, 6)];
  if (facts.length > 0) lines.push(page.style("dim", wrap(`[${facts.join("] [")}]`, page.width, 6)));
  return lines.join("\n");
}

function exampleEntry(says: string, command: string, page: Page): string {
  return `${wrap(`${says}:`, page.width, 2)}\n    ${page.style("cyan", command)}`;
}

function ignoredSection({ ignoredFlags = [] }: Verb, page: Page): string {
  if (ignoredFlags.length === 0) return "";
  return `${heading("Accepted without effect:", page)}\n${wrap(ignoredFlags.map((flag) => `--${flag}`).join(" "), page.width, 2)}`;
}

/** Two columns where there is room; a long second one goes on under itself. */
function rows(pairs: readonly (readonly [string, string])[], page: Page): string[] {
  const first = Math.max(...pairs.map(([name]) => name.length)) + 4;
  return layOut(
    pairs.flatMap(([name, text]) => {
      const [start = "", ...more] = wrap(text, page.width - first).split("\n");
      return [[name, start], ...more.map((line) => ["", line])];
    }),
    2,
  ).map((line) => {
    const name = line.slice(0, first);
    return name.trim() === "" ? line : page.style("cyan", name) + line.slice(first);
  });
}

function section(title: string, entries: readonly string[], page: Page): string {
  return entries.length === 0 ? "" : [heading(title, page), ...entries].join("\n");
}

function heading(title: string, page: Page): string {
  return page.style("bold", title);
}

function joinSections(sections: readonly string[]): string {
  return sections.filter((text) => text !== "").join("\n\n");
}
