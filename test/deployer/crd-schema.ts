import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { Ajv } from "ajv";

type Schema = Record<string, unknown>;

/** KServe's releases whose CRD is in the fixtures. */
export type CrdVersion = "0.9.0" | "0.11.2" | "0.13.1" | "0.15.2" | "0.20.0";

/**
 * What the API server would say of an InferenceService with fieldValidation=Strict: the schema of the release's CRD, and
 * no field that it does not name.
 */
export function crdProblems(version: CrdVersion): Promise<Check> {
  return checkOf(`inferenceservice-v${version}`);
}

/** The same of an InferenceGraph. */
export function graphCrdProblems(version: CrdVersion): Promise<Check> {
  return checkOf(`inferencegraph-v${version}`);
}

function checkOf(fixture: string): Promise<Check> {
  const check = CHECKS.get(fixture) ?? compileCheck(fixture);
  CHECKS.set(fixture, check);
  return check;
}

type Check = (manifest: unknown) => readonly string[];

/** A schema of this size takes seconds to compile. */
const CHECKS = new Map<string, Promise<Check>>();

async function compileCheck(fixture: string): Promise<Check> {
  const file = new URL(`../fixtures/crds/${fixture}.json.gz`, import.meta.url);
  const schema = JSON.parse(gunzipSync(await readFile(file)).toString()) as Schema;
  const ajv = new Ajv({
    allErrors: true,
    strict: false,
    formats: { int32: true, int64: true, "date-time": true },
  });
  const validate = ajv.compile(strict(schema));
  return (manifest) => {
    if (validate(manifest)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  };
}

/** The structural rule: where members are named, others are refused. The API server knows an object's metadata itself. */
function strict(schema: unknown): Schema {
  if (Array.isArray(schema)) return schema.map(strict) as unknown as Schema;
  if (typeof schema !== "object" || schema === null) return schema as unknown as Schema;
  const { properties, ...rest } = schema as Schema;
  const result: Schema = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [
      key,
      key === "items" || key === "additionalProperties" || key === "anyOf" ? strict(value) : value,
    ]),
  );
  if (properties === undefined) return result;
  result["properties"] = Object.fromEntries(
    Object.entries(properties as Schema).map(([key, value]) => [key, strict(value)]),
  );
  const open = rest["x-kubernetes-preserve-unknown-fields"] === true;
  if (!open && rest["additionalProperties"] === undefined) result["additionalProperties"] = false;
  return result;
}
