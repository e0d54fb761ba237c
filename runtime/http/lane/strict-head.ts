/** A head as it is commonly written, of a connection that is to be kept. */
export interface StrictHead {
  readonly method: "POST" | "GET" | "HEAD";
  /** Path and query. */
  readonly target: string;
  /** Names in lower case, in the order they came. */
  readonly headers: Readonly<Record<string, string>>;
  /** Where the value of Content-Length is; 0 where there is none. */
  readonly lengthAt: number;
}

/*
 * Narrower than HTTP: node:http's parser reads whatever does not fit, or refuses it. So there is nothing here that two
 * readers could understand differently: one line break, no white space but spaces after a colon, no names twice.
 */
const REQUEST_LINE = /(POST|GET|HEAD) (\/[A-Za-z0-9\-._~:%/?&=+,@!$'()*;]*) HTTP\/1\.1\r\n/y;
const FIELD = /([A-Za-z0-9!#$%&'*+.^_`|~-]+): *([!-~](?:[ -~]*[!-~])?)\r\n/y;

/** They change how the connection or the body is read, or node:http has rules of its own for them. */
const NOT_HERE: ReadonlySet<string> = new Set([
  "transfer-encoding",
  "expect",
  "upgrade",
  "trailer",
  "proxy-connection",
  "http2-settings",
  "set-cookie",
  "__proto__",
]);

/**
 * Reads the bytes of a head, its blank line included.
 * @returns undefined for anything that is not to be read here
 */
export function readStrictHead(bytes: Buffer): StrictHead | undefined {
  const text = bytes.toString("latin1");
  REQUEST_LINE.lastIndex = 0;
  const line = REQUEST_LINE.exec(text);
  if (line === null) return undefined;
  const headers: Record<string, string> = {};
  const fieldsEnd = bytes.length - 2;
  let lengthAt = 0;
  for (let at = REQUEST_LINE.lastIndex; at !== fieldsEnd; at = FIELD.lastIndex) {
    FIELD.lastIndex = at;
    const field = FIELD.exec(text);
    if (field === null) return undefined;
    const name = (field[1] as string).toLowerCase();
    const value = field[2] as string;
    if (NOT_HERE.has(name) || Object.hasOwn(headers, name)) return undefined;
    headers[name] = value;
    if (name === "content-length") lengthAt = FIELD.lastIndex - 2 - value.length;
  }
  if (headers["host"] === undefined) return undefined;
  if ((headers["connection"] ?? "keep-alive").toLowerCase() !== "keep-alive") return undefined;
  return { method: line[1] as StrictHead["method"], target: line[2] as string, headers, lengthAt };
}

const STARTS: readonly string[] = ["POST /", "GET /", "HEAD /"];
/** Printable, and lines that end as they have to; the last may be cut between its two bytes. */
const CLEAN = /^(?:[ -~]|\r\n)*\r?$/;

/** Whether a head of which the end is missing may become one that is read here, as far as that is easily seen. */
export function mayBecomeStrict(bytes: Buffer): boolean {
  const text = bytes.toString("latin1");
  return CLEAN.test(text) && STARTS.some((start) => text.startsWith(start) || start.startsWith(text));
}
