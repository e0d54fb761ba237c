import { isStreamed } from "../event-stream.ts";
import { type InferenceRoute, matchInference } from "../route-match.ts";

/** The head of an inference request, and all that follows from its bytes. Those of other requests may be the same. */
export interface HotHead {
  readonly target: string;
  readonly route: InferenceRoute;
  /** Names in lower case, in the order they came. */
  readonly headers: Readonly<Record<string, string>>;
  /** The head's bytes up to the value of Content-Length, and those after it. */
  readonly before: Buffer;
  readonly after: Buffer;
}

/** What a head may be to be read here. */
export interface HeadLimits {
  readonly maxHeadBytes: number;
  readonly maxBodyBytes: number;
}

/*
 * Narrower than HTTP: node:http's parser reads whatever does not fit, or refuses it. So there is nothing here that two
 * readers could understand differently: one line break, no white space but spaces after a colon, no names twice.
 */
const REQUEST_LINE = /POST (\/v[12]\/models\/[A-Za-z0-9\-._~:%/?&=+,@!$'()*;]+) HTTP\/1\.1\r\n/y;
const FIELD = /([A-Za-z0-9!#$%&'*+.^_`|~-]+): *([!-~](?:[ -~]*[!-~])?)\r\n/y;
/** More digits than any limit has; a number this long is exact. */
const LENGTH = /^\d{1,15}$/;

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

const HEAD_END = Buffer.from("\r\n\r\n");
const ZERO = 0x30;
const NINE = 0x39;
const MOST_DIGITS = 15;

/** Where the blank line after a head ends; -1 while it is not there. */
export function headEnd(bytes: Buffer): number {
  const at = bytes.indexOf(HEAD_END);
  return at === -1 ? -1 : at + HEAD_END.length;
}

/**
 * Reads the bytes of a head, its blank line included.
 * @returns undefined for anything that is not to be read here
 */
export function readHotHead(bytes: Buffer, limits: HeadLimits): HotHead | undefined {
  if (bytes.length > limits.maxHeadBytes) return undefined;
  const text = bytes.toString("latin1");
  REQUEST_LINE.lastIndex = 0;
  const target = REQUEST_LINE.exec(text)?.[1];
  const route = target === undefined ? undefined : matchInference(target);
  if (target === undefined || route === undefined) return undefined;
  const headers: Record<string, string> = {};
  const lastFieldEnd = bytes.length - 2;
  let lengthAt = 0;
  for (let at = REQUEST_LINE.lastIndex; at !== lastFieldEnd; at = FIELD.lastIndex) {
    FIELD.lastIndex = at;
    const field = FIELD.exec(text);
    if (field === null) return undefined;
    const name = (field[1] as string).toLowerCase();
    const value = field[2] as string;
    if (NOT_HERE.has(name) || Object.hasOwn(headers, name)) return undefined;
    headers[name] = value;
    if (name === "content-length") lengthAt = FIELD.lastIndex - 2 - value.length;
  }
  const length = headers["content-length"];
  if (headers["host"] === undefined || length === undefined) return undefined;
  if (!LENGTH.test(length) || Number(length) > limits.maxBodyBytes) return undefined;
  if ((headers["connection"] ?? "keep-alive").toLowerCase() !== "keep-alive") return undefined;
  if (isStreamed(route, headers["accept"])) return undefined;
  // Copies: the bytes are the connection's.
  const before = Buffer.from(bytes.subarray(0, lengthAt));
  const after = Buffer.from(bytes.subarray(lengthAt + length.length));
  return { target, route, headers, before, after };
}

/**
 * Whether the bytes at a place are this head, perhaps with another Content-Length: one comparison of memory instead of
 * reading it again.
 * @returns where the digits of Content-Length end; -1: another head, or not all of it
 */
export function isHead({ before, after }: HotHead, bytes: Buffer, at: number, end: number): number {
  const digitsAt = at + before.length;
  if (digitsAt + after.length >= end) return -1;
  if (before.compare(bytes, at, digitsAt) !== 0) return -1;
  let digitsEnd = digitsAt;
  while (digitsEnd < end && isDigit(bytes[digitsEnd] as number)) digitsEnd++;
  const digits = digitsEnd - digitsAt;
  if (digits === 0 || digits > MOST_DIGITS || digitsEnd + after.length > end) return -1;
  return after.compare(bytes, digitsEnd, digitsEnd + after.length) === 0 ? digitsEnd : -1;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}
