import type { z } from "zod";
import { describeValue } from "../../contract/describe.ts";
import { nearest } from "../../contract/nearest.ts";

/** What people write for settings of ours, where no spelling is near. */
const HABITS: Readonly<Record<string, string>> = {
  timeout: "timeoutSeconds (a request's) or waitTimeoutSeconds (the deployment's)",
  concurrency: "containerConcurrency",
  cpu: "requests: { cpu } or limits: { cpu }",
  memory: "requests: { memory } or limits: { memory }",
  kind: "predictor",
  framework: "predictor",
  storageUri: "model",
  mode: "deploymentMode",
  maxLatency: "maxLatencyMs",
  nodeselector: "nodeSelector",
};

/** What zod calls a type, in words. */
const TYPES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

/** How a problem of a value reads: its path, what was expected, what came, and what to write where that is clear. */
export function describeIssue(
  issue: z.core.$ZodIssue,
  value: unknown,
  base: string,
  keysAt: (path: readonly PropertyKey[]) => readonly string[],
): readonly string[] {
  const path = pathText(base, issue.path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => unknownKey(pathText(base, [...issue.path, key]), key, keysAt(issue.path)));
  }
  const came = valueAt(value, issue.path);
  return [
    `${path}: expected ${expectedOf(issue)}, got ${isHidden(issue.path) ? hidden(came) : describeValue(came)}`,
  ];
}

function expectedOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return TYPES[issue.expected] ?? issue.expected;
    case "invalid_value":
      return `one of ${issue.values.map((choice) => JSON.stringify(choice)).join(", ")}`;
    case "too_small":
      return `a number of at least ${issue.minimum}`;
    case "too_big":
      return `a number of at most ${issue.maximum}`;
    case "invalid_key":
      return issue.issues.map(({ message }) => message).join(", ");
    default:
      return issue.message;
  }
}

function unknownKey(path: string, key: string, known: readonly string[]): string {
  const habit = Object.hasOwn(HABITS, key) ? HABITS[key] : undefined;
  const near = nearest(key, known).join(" or ");
  const meant = near === "" ? habit : near;
  if (meant !== undefined) return `${path} means nothing here; did you mean ${meant}?`;
  return `${path} means nothing here; known are ${known.join(", ")}`;
}

/** `deploy.env.A`, or `deploy.labels["a.b/c"]` where a dot would mislead. */
export function pathText(base: string, path: readonly PropertyKey[]): string {
  let text = base;
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else if (/^[\w$-]+$/.test(String(key))) text += text === "" ? String(key) : `.${String(key)}`;
    else text += `[${JSON.stringify(String(key))}]`;
  }
  return text;
}

/** Values of a `secret` are never shown. Its name may be: but a slip there may be a value. */
function isHidden(path: readonly PropertyKey[]): boolean {
  return path.includes("secret") && !path.includes("env");
}

function hidden(value: unknown): string {
  return typeof value === "string" ? `a text of ${value.length} characters` : `a ${typeof value}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at;
}
