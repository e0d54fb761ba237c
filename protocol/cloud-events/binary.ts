import { checkVersion, type EventAttributes } from "./attributes.ts";

const PREFIX = "ce-";

/**
 * The attributes of an event whose attributes are HTTP headers and whose data is the body.
 * @param headers names in lower case
 * @returns undefined when it is not such an event: KServe takes a request for one where all four required headers are
 * there, and for a plain request otherwise
 * @throws InvalidInput when its version is not known
 */
export function readBinaryEvent(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): EventAttributes | undefined {
  const version = headers["ce-specversion"];
  if (version === undefined) return undefined;
  if (
    headers["ce-id"] === undefined ||
    headers["ce-source"] === undefined ||
    headers["ce-type"] === undefined
  ) {
    return undefined;
  }
  checkVersion(version);
  const attributes: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (name.startsWith(PREFIX) && typeof value === "string") {
      attributes[name.slice(PREFIX.length)] = decodeValue(value);
    }
  }
  // Where it is a header of its own, Content-Type; `ce-datacontenttype` and `ce-data` are not allowed to be there.
  delete attributes["datacontenttype"];
  delete attributes["data"];
  const contentType = headers["content-type"];
  if (typeof contentType === "string") attributes["datacontenttype"] = contentType;
  return attributes;
}

/** An event's attributes as alternating header names and values; its data's type stays the Content-Type header. */
export function binaryEventHeaders(attributes: EventAttributes): string[] {
  const headers: string[] = [];
  for (const name in attributes) {
    if (name !== "datacontenttype") headers.push(PREFIX + name, encodeValue(String(attributes[name])));
  }
  return headers;
}

/** Undoes percent-encoding (HTTP binding 3.1.3.3). What is not encoded as it should be is taken as it is. */
function decodeValue(value: string): string {
  if (!value.includes("%")) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** Percent-encodes space, quote, percent and all that is not printable ASCII (HTTP binding 3.1.3.2). */
function encodeValue(value: string): string {
  return value
    .toWellFormed()
    .replace(/[^\x21\x23\x24\x26-\x7e]/gu, (character) => encodeURIComponent(character));
}
