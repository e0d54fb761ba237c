import { configJsonSchema } from "../config-schema.ts";
import { type Table, code } from "./markdown-table.ts";
import { settingDocs } from "./setting-docs.ts";
import type { Sources } from "./program.ts";

/** A JSON Schema, as far as it is read here. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly description?: string;
  readonly default?: unknown;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

const ROOT = configJsonSchema() as Schema;

/** A section of the config file with all its settings. */
export interface Section {
  readonly name: string;
  readonly table: Table;
}

/** Every section of the config file. A target's `deploy` and a repository's `models` are as the sections of these names. */
export function configSections(sources: Sources): readonly Section[] {
  const docs = settingDocs(sources);
  return Object.entries(ROOT.properties ?? {})
    .filter(([name]) => !["models", "$schema"].includes(name))
    .map(([name, schema]) => {
      const path = BY_NAME.includes(name) ? `${name}.NAME` : name;
      const rows = settingsOf(schema, path).map(([setting, type, byDefault, description]) =>
        rowOf(setting, type, byDefault, docs(setting) || description),
      );
      return { name, table: [["setting", "type", "default", "meaning"], ...unique(rows)] };
    });
}

/** A setting: its path, what it looks like, its default and what the schema says of it. */
type Setting = readonly [path: string, type: string, byDefault: string, description: string];

/** Settings whose members are those of `deploy`. */
const SAID_ELSEWHERE = new Set(["targets.NAME.deploy", "deploy.transformer", "deploy.explainer"]);

/** Sections of members by name. */
const BY_NAME = ["targets", "graphs"];

function rowOf(path: string, type: string, byDefault: string, description: string): string[] {
  const [meaning, said] = splitDefault(description);
  return [code(path), type, byDefault || said, meaning];
}

/** Rows that are there for several kinds of a value, once. */
function unique(rows: readonly string[][]): string[][] {
  return [...new Map(rows.map((row) => [row[0], row])).values()];
}

function settingsOf(schema: Schema, path: string): Setting[] {
  const { properties, additionalProperties } = resolve(schema);
  if (properties !== undefined) {
    return Object.entries(properties).flatMap(([name, member]) => settingOf(member, `${path}.${name}`));
  }
  return typeof additionalProperties === "object" ? settingsOf(additionalProperties, path) : [];
}

function settingOf(schema: Schema, path: string): Setting[] {
  const member = resolve(schema);
  const value = member.default ?? schema.default;
  const byDefault = value === undefined ? "" : code(String(value));
  const own: Setting = [path, typeOf(member), byDefault, schema.description ?? member.description ?? ""];
  const inner = SAID_ELSEWHERE.has(path) ? [] : innerOf(member, path);
  return [own, ...inner];
}

/** The settings within a setting: of an object, of the object among what it may be, of a list's or a map's. */
function innerOf(schema: Schema, path: string): Setting[] {
  const { properties, additionalProperties, items, anyOf, oneOf } = resolve(schema);
  if (properties !== undefined) return settingsOf(schema, path);
  if (typeof additionalProperties === "object") return innerOf(additionalProperties, `${path}.NAME`);
  if (items !== undefined) return innerOf(items, `${path}[]`);
  return (anyOf ?? oneOf ?? []).map(resolve).flatMap((each) => innerOf(each, path));
}

/** A schema with what it refers to in it. */
function resolve(schema: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  const name = schema.$ref.replace("#/$defs/", "");
  const { $ref: _, ...own } = schema;
  return resolve({ ...(ROOT.$defs?.[name] ?? {}), ...own });
}

/** What a value looks like, in a word or some. */
function typeOf(schema: Schema): string {
  const {
    type,
    enum: words,
    anyOf,
    oneOf,
    items,
    properties,
    additionalProperties,
    const: only,
  } = resolve(schema);
  if (only !== undefined) return code(JSON.stringify(only));
  if (words !== undefined) return words.map((word) => code(JSON.stringify(word))).join(", ");
  const several = anyOf ?? oneOf;
  if (several !== undefined) return [...new Set(several.map(typeOf))].join(" or ");
  if (items !== undefined) return `list: ${typeOf(items)}`;
  if (properties === undefined && typeof additionalProperties === "object")
    return `by name: ${typeOf(additionalProperties)}`;
  return type === undefined ? "any" : [type].flat().join(" or ");
}

/** A description without the sentence that says the default, and what that is. */
function splitDefault(description: string): readonly [meaning: string, byDefault: string] {
  const found = /(?:^| )Default:? ((?:[^.]|\.(?!\s|$))+)\.(?=\s|$)/.exec(description);
  if (found === null) return [description, ""];
  const { 0: sentence, 1: byDefault = "", index } = found;
  return [(description.slice(0, index) + description.slice(index + sentence.length)).trim(), byDefault];
}
