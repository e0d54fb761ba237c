import { utf8Length, writeBase64 } from "./platform.ts";

export { toBase64 } from "./platform.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Elements of a BYTES tensor, texts encoded as UTF-8 into one block of memory: one block is cheap to hand to another
 * thread, and it is never Node's shared pool, which must not be handed on.
 */
export function encodeTexts(elements: readonly (string | Uint8Array)[]): Uint8Array[] {
  let total = 0;
  for (const element of elements) if (typeof element === "string") total += utf8Length(element);
  const block = new Uint8Array(total);
  let at = 0;
  return elements.map((element) => {
    if (typeof element !== "string") return element;
    const { written } = encoder.encodeInto(element, at === 0 ? block : block.subarray(at));
    at += written;
    return block.subarray(at - written, at);
  });
}

/** Bytes as text; undefined when they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The bytes of a base64 text; undefined when it is none. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  writeBase64(text, bytes);
  return bytes;
}
