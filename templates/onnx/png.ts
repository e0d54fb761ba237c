import { InvalidInput } from "kserve-ts";
import { inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Whether bytes begin as a PNG file does. */
export function isPng(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 8)).equals(SIGNATURE);
}

/**
 * The pixels of a PNG with 8 bits of grey a pixel, row by row.
 * Specification: https://www.w3.org/TR/png-3/, sections 5.3 (chunks) and 9 (filtering).
 * @throws InvalidInput when it is another kind of PNG, has another size, or is cut short
 */
export function decodeGreyPng(file: Uint8Array, width: number, height: number, path: string): Uint8Array {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (bytes.length < 33) throw new InvalidInput("the PNG is cut short", { path });
  const [bitDepth, colour, , , interlace] = bytes.subarray(24, 29);
  const size = `${bytes.readUInt32BE(16)} x ${bytes.readUInt32BE(20)}`;
  if (size !== `${width} x ${height}` || bitDepth !== 8 || colour !== 0 || interlace !== 0) {
    throw new InvalidInput(`expected a PNG of ${width} x ${height} pixels in 8-bit grey, got ${size}`, {
      path,
    });
  }
  return unfilter(inflate(imageData(bytes), height * (width + 1), path), width, height, path);
}

function imageData(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 8; at + 8 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    if (bytes.toString("latin1", at + 4, at + 8) === "IDAT")
      parts.push(bytes.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  return Buffer.concat(parts);
}

function inflate(data: Buffer, most: number, path: string): Buffer {
  try {
    const rows = inflateSync(data, { maxOutputLength: most });
    if (rows.length === most) return rows;
  } catch (error) {
    throw new InvalidInput("the PNG's image data cannot be read", { path, cause: error });
  }
  throw new InvalidInput("the PNG is cut short", { path });
}

function unfilter(rows: Buffer, width: number, height: number, path: string): Uint8Array {
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const filter = rows[y * (width + 1)];
    for (let x = 0; x < width; x++) {
      const left = x > 0 ? (pixels[y * width + x - 1] ?? 0) : 0;
      const above = y > 0 ? (pixels[(y - 1) * width + x] ?? 0) : 0;
      const corner = x > 0 && y > 0 ? (pixels[(y - 1) * width + x - 1] ?? 0) : 0;
      const raw = rows[y * (width + 1) + 1 + x] ?? 0;
      pixels[y * width + x] = raw + predictPixel(filter, left, above, corner, path);
    }
  }
  return pixels;
}

function predictPixel(filter: number | undefined, left: number, above: number, corner: number, path: string) {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  if (filter !== 4) throw new InvalidInput(`the PNG has an unknown filter ${filter}`, { path });
  const estimate = left + above - corner;
  const toLeft = Math.abs(estimate - left);
  const toAbove = Math.abs(estimate - above);
  const toCorner = Math.abs(estimate - corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}
