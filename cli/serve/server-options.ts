import { type OptionSpec, SERVER_OPTIONS } from "../../runtime/option-table.ts";
import { environmentName, parseOption } from "../../runtime/option-values.ts";
import type { ServerOptions } from "../../runtime/options.ts";
import type { Option } from "../verb.ts";

/** The server's options as those of a verb. */
export type ServerVerbOptions = { readonly [Key in keyof ServerOptions]: Option<ServerOptions[Key]> };

/** The options of the verb `serve`. */
export type ServeOptions = ServerVerbOptions & {
  /** Whether changes of the project are served. */
  readonly watch: Option<boolean>;
};

/** The verb's options, made from the server's table. */
export function serverOptions(): ServerVerbOptions {
  const entries = SERVER_OPTIONS.map((spec) => [spec.key, asOption(spec)]);
  return Object.fromEntries(entries) as unknown as ServerVerbOptions;
}

function asOption(spec: OptionSpec): Option {
  return {
    flag: spec.flag,
    placeholder: placeholderOf(spec),
    default: spec.default,
    env: [environmentName(spec.flag), ...(spec.alias === undefined ? [] : [spec.alias])],
    repeatable: false,
    doc: spec.doc,
    parse: (text, source) => parseOption(spec, text, source),
  };
}

function placeholderOf({ type }: OptionSpec): string | undefined {
  if (type === "boolean") return undefined;
  if (type === "integer") return "<integer>";
  return type === "string" ? "<text>" : `<${type.join("|")}>`;
}
