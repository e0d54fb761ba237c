import { el } from "./dom.ts";
import { isObject } from "./values.ts";

/** How files of images begin, and the type of each. */
const BEGINNINGS: readonly (readonly [type: string, beginning: readonly number[]])[] = [
  ["image/png", [0x89, 0x50, 0x4e, 0x47]],
  ["image/jpeg", [0xff, 0xd8, 0xff]],
  ["image/gif", [0x47, 0x49, 0x46, 0x38]],
  ["image/webp", [0x52, 0x49, 0x46, 0x46]],
];

/** The image that bytes are the file of; undefined where they are none that browsers show. */
export function imageOf(bytes: Uint8Array<ArrayBuffer>, label: string): HTMLImageElement | undefined {
  const [type] = BEGINNINGS.find(([, begin]) => begin.every((byte, at) => bytes[at] === byte)) ?? [];
  if (type === undefined) return undefined;
  const src = URL.createObjectURL(new Blob([bytes], { type }));
  return el("img", { src, alt: label, onload: () => URL.revokeObjectURL(src) });
}

/** The image of a value that has a file's bytes as base64, as V1 shows them: `{"b64": "..."}`. */
export function imageOfBase64(value: unknown, label: string): HTMLImageElement | undefined {
  const text = isObject(value) ? value["b64"] : undefined;
  if (typeof text !== "string") return undefined;
  try {
    return imageOf(
      Uint8Array.from(atob(text), (character) => character.charCodeAt(0)),
      label,
    );
  } catch {
    return undefined;
  }
}
