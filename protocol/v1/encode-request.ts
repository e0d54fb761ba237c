import { type EncodedBody, jsonBody } from "../body.ts";
import { writePlain } from "../json/plain.ts";
import { JsonWriter, type WriterRules } from "../json/writer.ts";

const RULES: WriterRules = { nonFinite: "error", code: "KTS_INVALID_INPUT", base64: true };

/**
 * Writes a V1 request. Typed arrays, tensors, bytes and BigInts among the instances are written as V1 has them.
 * @param parameters further members of the body
 * @throws KtsError KTS_INVALID_INPUT when JSON cannot say a value
 */
export function encodeV1Request(
  instances: readonly unknown[],
  parameters: Readonly<Record<string, unknown>> = {},
): EncodedBody {
  const writer = new JsonWriter(RULES);
  writer.text(`{"instances":`);
  writePlain(writer, instances, RULES, "instances");
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined || name === "instances") continue;
    writer.text(`,${JSON.stringify(name)}:`);
    writePlain(writer, value, RULES, name);
  }
  writer.text("}");
  return jsonBody(writer.finish());
}
