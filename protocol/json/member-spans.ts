const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/**
 * The bytes of each member's value of a JSON object, by name; of a name that is given twice, the last. The values are
 * neither parsed nor checked: whoever reads one says where it is wrong, as if it were a body of its own.
 * @returns undefined when the bytes are no object, or their outermost level is no JSON
 */
export function memberSpans(json: Uint8Array): Map<string, Uint8Array> | undefined {
  const spans = new Map<string, Uint8Array>();
  let at = skipSpace(json, 0);
  if (json[at] !== OPEN_OBJECT) return undefined;
  at = skipSpace(json, at + 1);
  if (json[at] === CLOSE_OBJECT) return skipSpace(json, at + 1) === json.length ? spans : undefined;
  for (;;) {
    if (json[at] !== QUOTE) return undefined;
    const nameEnd = skipString(json, at);
    const name = parseName(json.subarray(at, nameEnd));
    at = skipSpace(json, nameEnd);
    if (name === undefined || json[at] !== COLON) return undefined;
    const start = skipSpace(json, at + 1);
    const end = skipValue(json, start);
    if (end === start) return undefined;
    spans.set(name, json.subarray(start, end));
    at = skipSpace(json, end);
    if (json[at] === CLOSE_OBJECT) return skipSpace(json, at + 1) === json.length ? spans : undefined;
    if (json[at] !== COMMA) return undefined;
    at = skipSpace(json, at + 1);
  }
}

function parseName(quoted: Uint8Array): string | undefined {
  try {
    const name: unknown = JSON.parse(Buffer.from(quoted).toString());
    return typeof name === "string" ? name : undefined;
  } catch {
    return undefined;
  }
}

function skipSpace(json: Uint8Array, at: number): number {
  while (isSpace(json[at])) at++;
  return at;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Behind the closing quote. */
function skipString(json: Uint8Array, at: number): number {
  for (at++; at < json.length; at++) {
    const byte = json[at];
    if (byte === BACKSLASH) at++;
    else if (byte === QUOTE) return at + 1;
  }
  return json.length;
}

/** Behind a value; where the value started when there is none. */
function skipValue(json: Uint8Array, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) at = skipString(json, at) - 1;
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth++;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      if (depth === 0) return at;
      depth--;
    } else if (depth === 0 && (byte === COMMA || isSpace(byte))) return at;
  }
  return json.length;
}
