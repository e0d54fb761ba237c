import { describeValue } from "../contract/describe.ts";
import { InvalidInput } from "../contract/errors.ts";
import { type EncodedBody, JSON_TYPE } from "../protocol/body.ts";

/** A JSON text as a body. */
export function jsonText(head: string): EncodedBody {
  return { contentType: JSON_TYPE, jsonLength: undefined, head, tail: [] };
}

/** A body that a caller has made. */
export function givenBody(body: string | Uint8Array): EncodedBody {
  return typeof body === "string" ? jsonText(body) : { ...jsonText(""), tail: [body] };
}

/** @throws InvalidInput when it is no path */
export function checkPath(path: string): string {
  if (typeof path === "string" && path.startsWith("/")) return path;
  throw new InvalidInput(`expected a path that starts with /, got ${describeValue(path)}`, { path: "path" });
}
