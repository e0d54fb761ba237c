import { InvalidInput } from "kserve-ts";
import { decodeGreyPng, isPng } from "./png.ts";

/** The model knows images of this width and height. */
export const SIDE = 28;
export const PIXELS = SIDE * SIDE;

/**
 * The pixels of an image as a request has it: nested numbers, base64, or base64 in `data` or `b64`.
 * @param path where it is in the request, for messages
 * @throws InvalidInput when it is none of these, or of another size
 */
export function readImage(image: unknown, path: string): ArrayLike<number> {
  if (Array.isArray(image)) return readPixels(image.flat(2), path);
  if (image instanceof Uint8Array) return readBytes(image, path);
  if (typeof image === "string") return readBytes(Buffer.from(image, "base64"), path);
  if (typeof image === "object" && image !== null) {
    const { data, b64 } = image as { data?: unknown; b64?: unknown };
    if (data !== undefined) return readImage(data, `${path}.data`);
    if (b64 !== undefined) return readImage(b64, `${path}.b64`);
  }
  throw new InvalidInput('expected 28 x 28 pixels, or {"data": "<base64 of a PNG>"}', { path });
}

function readPixels(values: readonly unknown[], path: string): number[] {
  const pixels = values.filter((value) => typeof value === "number");
  if (pixels.length === PIXELS && values.length === PIXELS) return pixels;
  throw new InvalidInput(`expected ${SIDE} x ${SIDE} numbers, got ${values.length} values`, { path });
}

function readBytes(bytes: Uint8Array, path: string): Uint8Array {
  const pixels = isPng(bytes) ? decodeGreyPng(bytes, SIDE, SIDE, path) : bytes;
  if (pixels.length === PIXELS) return pixels;
  throw new InvalidInput(`expected base64 of a PNG or of ${PIXELS} bytes, got ${pixels.length} bytes`, {
    path,
  });
}
