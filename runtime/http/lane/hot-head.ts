import { isStreamed } from "../event-stream.ts";
import { type InferenceRoute, matchInference } from "../route-match.ts";
import { readStrictHead } from "./strict-head.ts";

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

/** More digits than any limit has; a number this long is exact. */
const LENGTH = /^\d{1,15}$/;
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
 * @returns "bodiless": a GET or HEAD without a body; undefined for anything that is not to be read here
 */
export function readHotHead(bytes: Buffer, limits: HeadLimits): HotHead | "bodiless" | undefined {
  if (bytes.length > limits.maxHeadBytes) return undefined;
  const strict = readStrictHead(bytes);
  if (strict === undefined) return undefined;
  const { method, target, headers, lengthAt } = strict;
  const length = headers["content-length"];
  if (method !== "POST") return length === undefined ? "bodiless" : undefined;
  if (length === undefined || !LENGTH.test(length) || Number(length) > limits.maxBodyBytes) return undefined;
  const route = matchInference(target);
  if (route === undefined || isStreamed(route, headers["accept"])) return undefined;
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
