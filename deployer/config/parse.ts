import { z } from "zod";
import type { DeployConfig, GraphConfig, TargetConfig } from "../../contract/deploy-config.ts";
import { describeValue } from "../../contract/describe.ts";
import { KtsError, messageOf } from "../../contract/errors.ts";
import { nearest } from "../../contract/nearest.ts";
import { describeIssue } from "./issues.ts";
import { graphsSchema } from "./graph-schema.ts";
import { deploySchema, targetSchema } from "./schema.ts";
import { type RenamedSection, renameDeploy, renameTarget } from "./zenml-names.ts";
import { isMembers } from "../members.ts";

/** The deployer's sections of a config file, each member checked by itself. */
export interface DeployFile {
  readonly deploy: DeployConfig;
  readonly targets: Readonly<Record<string, TargetConfig>>;
  /** Graphs by name. Default: none. */
  readonly graphs?: Readonly<Record<string, GraphConfig>>;
}

/** Sections of ours; any other name that is not near one of them is another part's. */
const SECTIONS: readonly string[] = ["deploy", "targets", "graphs"];

/**
 * Checks the deployer's sections of what a config file says; the others are other parts' to check.
 * @param file the file's name, for messages
 * @throws KtsError KTS_CONFIG_INVALID with a line for everything that is wrong: path, what was expected, what came
 */
export function parseDeployFile(value: unknown, file: string): DeployFile {
  if (!isMembers(value)) {
    throw new KtsError("KTS_CONFIG_INVALID", `${file}: expected an object, got ${describeValue(value)}`);
  }
  const problems: string[] = [];
  for (const name of Object.keys(value)) {
    const [meant] = SECTIONS.includes(name) ? [] : nearest(name, SECTIONS);
    if (meant !== undefined) problems.push(`${name} means nothing here; did you mean ${meant}?`);
  }
  const deploy = section(deploySchema, value["deploy"] ?? {}, "deploy", renameDeploy, problems);
  const targets: Record<string, TargetConfig> = {};
  const named = value["targets"] ?? {};
  if (!isMembers(named)) {
    problems.push(`targets: expected an object with targets by name, got ${describeValue(named)}`);
  } else {
    for (const [name, target] of Object.entries(named)) {
      const checked = section(targetSchema, target, `targets.${name}`, renameTarget, problems);
      if (checked !== undefined) targets[name] = checked as TargetConfig;
    }
  }
  const graphs = section(graphsSchema, value["graphs"] ?? {}, "graphs", asItIs, problems);
  if (problems.length > 0) {
    throw new KtsError("KTS_CONFIG_INVALID", problems.map((problem) => `${file}: ${problem}`).join("\n"));
  }
  return {
    deploy: deploy as DeployConfig,
    targets,
    ...(value["graphs"] !== undefined && { graphs: graphs as Record<string, GraphConfig> }),
  };
}

/**
 * Checks settings from elsewhere than a file, such as flags.
 * @param source where they are from, for messages
 */
export function parseDeploy(value: unknown, source: string): DeployConfig {
  return parseDeployFile({ deploy: value }, source).deploy;
}

function asItIs(value: unknown): RenamedSection {
  return { value, origins: new Map() };
}

function section<T>(
  schema: z.ZodType<T>,
  given: unknown,
  path: string,
  rename: (section: unknown, path: string) => RenamedSection,
  problems: string[],
): T | undefined {
  let renamed: RenamedSection;
  try {
    renamed = rename(given, path);
  } catch (error) {
    problems.push(messageOf(error));
    return undefined;
  }
  const { value, origins } = renamed;
  const result = schema.safeParse(value, { reportInput: false });
  if (result.success) return withoutUndefined(result.data);
  const lines = result.error.issues
    .flatMap(narrowed)
    .flatMap((issue) => describeIssue(issue, value, path, keysAt(schema)));
  problems.push(...lines.map((line) => underOrigin(line, origins)));
  return undefined;
}

/**
 * Of a union's problems those of the one alternative that was meant: the object, where an object came. Otherwise the
 * union says what it expects.
 */
function narrowed(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  if (issue.code !== "invalid_union") return [issue];
  const [meant, ...others] = issue.errors.filter((problems) =>
    problems.every(({ path, code }) => path.length > 0 || code !== "invalid_type"),
  );
  if (meant === undefined || others.length > 0) return [issue];
  return meant.flatMap((problem) => narrowed({ ...problem, path: [...issue.path, ...problem.path] }));
}

/** The keys that an object at a path of the schema may have. */
function keysAt(schema: z.ZodType): (path: readonly PropertyKey[]) => readonly string[] {
  return (path) => {
    let at: unknown = schema;
    for (const key of path) {
      at = inner(at);
      if (at instanceof z.ZodObject) at = (at.shape as Record<PropertyKey, unknown>)[key];
      else if (at instanceof z.ZodArray) at = at.element;
      else if (at instanceof z.ZodRecord) at = at.valueType;
    }
    const found = inner(at);
    return found instanceof z.ZodObject ? Object.keys(found.shape) : [];
  };
}

function inner(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional) return inner(schema.unwrap());
  if (schema instanceof z.ZodUnion)
    return schema.options.map(inner).find((option) => option instanceof z.ZodObject);
  return schema;
}

/** A message names a setting as it was written. */
function underOrigin(line: string, origins: ReadonlyMap<string, string>): string {
  for (const [ours, theirs] of origins) {
    if (line.startsWith(ours) && !/^[\w-]/.test(line.slice(ours.length)))
      return theirs + line.slice(ours.length);
  }
  return line;
}

/** A member that is there with nothing in it is a member left out. */
function withoutUndefined<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withoutUndefined) as T;
  if (!isMembers(value)) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([key, member]) => [key, withoutUndefined(member)])) as T;
}
