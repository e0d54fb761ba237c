import { describeValue } from "../../contract/describe.ts";
import { InvalidInput } from "../../contract/errors.ts";
import type { EncodedBody } from "../body.ts";
import { fromBase64 } from "../elements/text.ts";
import { memberSpans } from "../json/member-spans.ts";
import { decodeText, parseJson, parseText } from "../json/parse.ts";
import type { DecodeLimits } from "../limits.ts";
import { type CloudEvent, REQUIRED, checkVersion } from "./attributes.ts";
import { STRUCTURED_TYPE, isJsonType } from "./media-type.ts";

/** An attribute is short; a member that is not is an attribute of nothing we know. */
const LONGEST_ATTRIBUTE = 16_384;

/**
 * Reads an event whose attributes are members of the body, its data another one. The data is not parsed but cut out,
 * so that it is decoded as a body of its own is, exact integers and all.
 * @param isMarked whether the Content-Type says that it is an event. Without that an event is one that has all it
 * needs, and anything else is a plain body
 * @returns undefined for a plain body
 * @throws InvalidInput when the body is no JSON, or the event is not right
 */
export function readStructuredEvent(
  body: Uint8Array,
  isMarked: boolean,
  limits: DecodeLimits,
): CloudEvent | undefined {
  const members = memberSpans(body);
  if (members === undefined) {
    // Says where the JSON is wrong. What is JSON, but no object, is for the protocol's own reader to refuse.
    if (isMarked) parseJson(body, limits);
    return undefined;
  }
  const hasData = members.has("data") || members.has("data_base64");
  const isComplete = hasData && REQUIRED.every((name) => members.has(name));
  if (!isComplete && (!isMarked || !members.has("specversion"))) return undefined;
  const attributes = readAttributes(members);
  checkVersion(attributes["specversion"]);
  for (const name of REQUIRED) {
    if (typeof attributes[name] === "string") continue;
    throw new InvalidInput(`the event has no ${name}`, { path: name });
  }
  return { attributes, ...readData(members, attributes) };
}

function readAttributes(members: ReadonlyMap<string, Uint8Array>): Record<string, string | number | boolean> {
  const attributes = Object.create(null) as Record<string, string | number | boolean>;
  for (const [name, bytes] of members) {
    if (name === "data" || name === "data_base64") continue;
    if (bytes.length > LONGEST_ATTRIBUTE) {
      throw new InvalidInput(`is longer than the ${LONGEST_ATTRIBUTE} bytes an attribute may have`, {
        path: name,
      });
    }
    const value = parseText(decodeText(bytes));
    if (value === null) continue;
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") {
      throw new InvalidInput(`expected a string, a number, true or false, got ${describeValue(value)}`, {
        path: name,
      });
    }
    attributes[name] = value;
  }
  return attributes;
}

function readData(
  members: ReadonlyMap<string, Uint8Array>,
  attributes: Readonly<Record<string, unknown>>,
): { data: Uint8Array; isRaw: boolean } {
  const data = members.get("data");
  const base64 = members.get("data_base64");
  if (base64 !== undefined) {
    if (data !== undefined)
      throw new InvalidInput("expected data or data_base64, not both", { path: "data_base64" });
    return { data: decodeBase64(base64, "data_base64"), isRaw: true };
  }
  if (data === undefined) throw new InvalidInput("the event has no data", { path: "data" });
  // Version 0.3 has no data_base64, but says how `data` is encoded.
  if (attributes["datacontentencoding"] === "base64")
    return { data: decodeBase64(data, "data"), isRaw: true };
  const type = attributes["datacontenttype"];
  const isText = data[0] === 0x22 && !isJsonType(typeof type === "string" ? type : undefined);
  if (!isText) return { data, isRaw: false };
  return { data: Buffer.from(parseText(decodeText(data)) as string), isRaw: true };
}

function decodeBase64(json: Uint8Array, path: string): Uint8Array {
  const value = parseText(decodeText(json));
  const bytes = typeof value === "string" ? fromBase64(value) : undefined;
  if (bytes !== undefined) return bytes;
  throw new InvalidInput(`expected base64, got ${describeValue(value)}`, { path });
}

/**
 * An answer's body as an event: JSON as `data` as it is, a text as a string, and what has binary tensors or is no
 * text as `data_base64`. `jsonLength` counts within the decoded data then.
 */
export function structuredEventBody(
  attributes: Readonly<Record<string, string | number | boolean>>,
  body: EncodedBody,
): EncodedBody {
  const { contentType, jsonLength } = body;
  const isJson = jsonLength === undefined && isJsonType(contentType);
  const context = JSON.stringify(isJson ? attributes : { ...attributes, datacontenttype: contentType }).slice(
    0,
    -1,
  );
  if (isJson) {
    const head = `${context},"data":${body.head}`;
    const whole = { contentType: STRUCTURED_TYPE, jsonLength: undefined };
    if (body.tail.length === 0) return { ...whole, head: `${head}}`, tail: [] };
    return { ...whole, head, tail: [...body.tail, Buffer.from("}")] };
  }
  const data =
    jsonLength === undefined && body.tail.length === 0 && contentType.startsWith("text/")
      ? `"data":${JSON.stringify(body.head)}`
      : `"data_base64":"${Buffer.concat([Buffer.from(body.head), ...body.tail]).toString("base64")}"`;
  return { contentType: STRUCTURED_TYPE, jsonLength, head: `${context},${data}}`, tail: [] };
}
