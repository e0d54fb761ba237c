import { describeValue, shorten } from "../../contract/describe.ts";
import { InvalidInput } from "../../contract/errors.ts";

/** A JSON object's members. */
export type Members = Readonly<Record<string, unknown>>;

/** A JSON object; with no path, the body itself. */
export function readObject(value: unknown, path: string | undefined): Members {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Members;
  throw new InvalidInput(
    `expected a JSON object, got ${describeValue(value)}`,
    path === undefined ? {} : { path },
  );
}

/** A member that is absent, null, or a string. */
export function readOptionalString(value: unknown, path: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  throw new InvalidInput(`expected a string, got ${describeValue(value)}`, { path });
}

/** A member that is a non-empty string. */
export function readName(value: unknown, path: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new InvalidInput(`expected a name, got ${value === "" ? "an empty string" : describeValue(value)}`, {
    path,
  });
}

/** A flag among parameters; undefined where it is absent. */
export function readFlag(value: unknown, path: string): boolean | undefined {
  if (value === undefined || typeof value === "boolean") return value;
  throw new InvalidInput(`expected true or false, got ${describeValue(value)}`, { path });
}

const NO_PARAMETERS: Record<string, never> = Object.freeze({});

/** `parameters`: absent, null, or an object of numbers, flags and strings. */
export function readParameters(value: unknown, path: string): Record<string, unknown> {
  if (value === undefined || value === null) return NO_PARAMETERS;
  const members = readObject(value, path);
  for (const name in members) {
    const member = members[name];
    if (typeof member === "number" ? Number.isFinite(member) : isFlagOrText(member)) continue;
    const problem = `expected a number, a string, true or false, got ${describeValue(member)}`;
    throw new InvalidInput(problem, { path: `${path}.${shorten(name, 100)}` });
  }
  return members as Record<string, unknown>;
}

function isFlagOrText(value: unknown): boolean {
  return typeof value === "boolean" || typeof value === "string";
}
