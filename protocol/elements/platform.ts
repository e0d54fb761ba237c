/*
 * What Node and browsers do differently with bytes. Chosen once, when this is loaded: Node's own ways are several times
 * as fast, and the client has to work where they are not there. Texts are whole: no half of a surrogate pair.
 */

/** Node's Buffer; undefined elsewhere, also where a bundler has put a copy of it into the page. */
const NodeBuffer: typeof Buffer | undefined =
  typeof (globalThis.process as NodeJS.Process | undefined)?.getBuiltinModule === "function"
    ? globalThis.Buffer
    : undefined;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Characters that become one call: arguments go on the stack. */
const CHUNK = 8192;

/** Bytes that a text has as UTF-8. */
export const utf8Length: (text: string) => number =
  NodeBuffer === undefined ? (text) => encoder.encode(text).length : (text) => NodeBuffer.byteLength(text);

/** A text as UTF-8. */
export const utf8Bytes: (text: string) => Uint8Array =
  NodeBuffer === undefined ? (text) => encoder.encode(text) : (text) => NodeBuffer.from(text);

/** The same memory, as what this platform searches and decodes fastest. */
export const fastView: (bytes: Uint8Array) => Uint8Array =
  NodeBuffer === undefined
    ? (bytes) => bytes
    : ({ buffer, byteOffset, byteLength }) => NodeBuffer.from(buffer, byteOffset, byteLength);

/** Memory that is not cleared, and is no part of a pool. For `asciiText`, which is fast with it. */
export const scratchBytes: (size: number) => Uint8Array =
  NodeBuffer === undefined ? (size) => new Uint8Array(size) : (size) => NodeBuffer.allocUnsafeSlow(size);

/** ASCII bytes as text. @param bytes of `scratchBytes` or `fastView` */
export const asciiText: (bytes: Uint8Array, from: number, to: number) => string =
  NodeBuffer === undefined
    ? (bytes, from, to) => decoder.decode(bytes.subarray(from, to))
    : (bytes, from, to) => (bytes as Buffer).toString("latin1", from, to);

/** Where bytes are found in others; -1 where they are not. @param bytes of `fastView` */
export const indexOfBytes: (bytes: Uint8Array, sought: Uint8Array, from: number) => number =
  NodeBuffer === undefined ? searchBytes : (bytes, sought, from) => (bytes as Buffer).indexOf(sought, from);

/** Bytes one after the other. */
export const concatBytes: (parts: readonly Uint8Array[]) => Uint8Array =
  NodeBuffer === undefined ? joinBytes : (parts) => NodeBuffer.concat(parts);

/** Bytes as base64. */
export const toBase64: (bytes: Uint8Array) => string =
  NodeBuffer === undefined
    ? webBase64
    : ({ buffer, byteOffset, byteLength }) =>
        NodeBuffer.from(buffer, byteOffset, byteLength).toString("base64");

/** Writes the bytes of a base64 text, which fit exactly. */
export const writeBase64: (text: string, target: Uint8Array) => void =
  NodeBuffer === undefined
    ? writeWebBase64
    : (text, { buffer, byteOffset, byteLength }) =>
        void NodeBuffer.from(buffer, byteOffset, byteLength).write(text, "base64");

/** A text that nobody can guess. */
export function unguessable(): string {
  // Not by the global crypto in Node: that takes several milliseconds to load, and this is part of a cold start.
  if (NodeBuffer !== undefined) return process.getBuiltinModule("crypto").randomUUID();
  return crypto.getRandomValues(new Uint32Array(4)).join("-");
}

function searchBytes(bytes: Uint8Array, sought: Uint8Array, from: number): number {
  const [first] = sought;
  if (first === undefined) return from;
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    let same = 1;
    while (same < sought.length && bytes[at + same] === sought[same]) same++;
    if (same === sought.length) return at;
  }
  return -1;
}

function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  let total = 0;
  for (const part of parts) total += part.length;
  const joined = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

function webBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return btoa(text);
}

function writeWebBase64(text: string, target: Uint8Array): void {
  const decoded = atob(text);
  for (let index = 0; index < decoded.length; index++) target[index] = decoded.charCodeAt(index);
}
