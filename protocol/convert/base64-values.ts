import { InvalidInput } from "../../contract/errors.ts";
import { describeValue } from "../../contract/describe.ts";
import { fromBase64 } from "../elements/text.ts";

/**
 * A value of a BYTES input with the bytes of each `{"b64": "..."}` in it, which is how V1 says bytes that are no text
 * (TensorFlow Serving REST API, "Encoding binary values").
 * @throws InvalidInput with the path of what is not base64
 */
export function bytesOfInstance(value: unknown, path: string): unknown {
  if (Array.isArray(value)) return value.map((part, index) => bytesOfInstance(part, `${path}[${index}]`));
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  const { b64 } = value as { b64?: unknown };
  if (b64 === undefined) return value;
  const bytes = typeof b64 === "string" ? fromBase64(b64) : undefined;
  if (bytes !== undefined) return bytes;
  throw new InvalidInput(`expected base64, got ${describeValue(b64)}`, { path: `${path}.b64` });
}
