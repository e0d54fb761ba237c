import { type OptionSpec, SERVER_OPTIONS } from "./option-table.ts";
import { parseBoolean, parseChoice, parseInteger, parseText } from "./option-text.ts";
import type { ServerOptions } from "./options.ts";

/** The environment variable of an option. */
export function environmentName(flag: string): string {
  return `KSERVE_TS_${flag.toUpperCase()}`;
}

/**
 * One option's value from text, as a flag or variable has it.
 * @param source how the text came, for the message: `--workers` or `KSERVE_TS_WORKERS`
 * @throws KtsError KTS_USAGE when the text is not a value of the option
 */
export function parseOption(spec: OptionSpec, text: string, source: string): number | boolean | string {
  const { type, range = [0, Number.MAX_SAFE_INTEGER], synonyms = {} } = spec;
  if (type === "integer") return parseInteger(text, source, range);
  if (type === "boolean") return parseBoolean(text, source);
  if (type === "string") return parseText(text, source);
  return parseChoice(text, source, type, synonyms);
}

/**
 * The options that the environment sets.
 * @throws KtsError KTS_USAGE when a variable's text is not a value of its option
 */
export function optionsFromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Partial<ServerOptions> {
  const found: Record<string, number | boolean | string> = {};
  for (const spec of SERVER_OPTIONS) {
    const names = [environmentName(spec.flag), ...(spec.alias === undefined ? [] : [spec.alias])];
    const name = names.find((candidate) => env[candidate] !== undefined && env[candidate] !== "");
    if (name !== undefined) found[spec.key] = parseOption(spec, env[name] as string, name);
  }
  return found as Partial<ServerOptions>;
}
