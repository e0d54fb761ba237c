import { describeValue } from "../../contract/describe.ts";
import { InvalidInput } from "../../contract/errors.ts";
import { checkValues, parseExact } from "../json/exact.ts";
import { decodeText, parseJson } from "../json/parse.ts";
import type { DecodeLimits } from "../limits.ts";

/** A V1 request. */
export interface V1Request {
  /** One value an instance; integers beyond 2^53 as BigInt. */
  readonly instances: readonly unknown[];
  /** The body's other members. */
  readonly parameters: Record<string, unknown>;
}

const NO_PARAMETERS: Record<string, never> = Object.freeze({});

/**
 * Reads a V1 request: `{"instances": [...]}`, or `inputs` for `instances` as KServe's own servers take it.
 * @throws InvalidInput with what is wrong; KtsError KTS_BODY_TOO_LARGE
 */
export function decodeV1Request(body: Uint8Array, limits: DecodeLimits): V1Request {
  const value = readValue(body, limits);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidInput(`expected a JSON object with "instances", got ${describeValue(value)}`);
  }
  const members = value as Record<string, unknown>;
  const key = "instances" in members || !("inputs" in members) ? "instances" : "inputs";
  const instances = members[key];
  if (!Array.isArray(instances)) {
    throw new InvalidInput(`Expected "${key}" to be a list, got ${describeValue(instances)}`, { path: key });
  }
  return { instances, parameters: otherMembers(members, key) };
}

/** A body's JSON, its depth checked and its integers exact. */
export function readValue(body: Uint8Array, limits: DecodeLimits): unknown {
  const value = parseJson(body, limits);
  return checkValues(value, limits) ? parseExact(decodeText(body)) : value;
}

function otherMembers(members: Record<string, unknown>, key: string): Record<string, unknown> {
  let parameters: Record<string, unknown> | undefined;
  for (const name in members) {
    if (name === key) continue;
    parameters ??= Object.create(null) as Record<string, unknown>;
    parameters[name] = members[name];
  }
  return parameters ?? NO_PARAMETERS;
}
