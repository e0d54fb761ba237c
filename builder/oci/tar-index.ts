import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { posix } from "node:path";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";

/** Where a file's bytes lie in a tarball. */
interface Place {
  readonly start: number;
  readonly size: number;
  /** What a link leads to. */
  readonly target: string | undefined;
}

const BLOCK = 512;
const MOST_NAME_BYTES = 65_536;
const MOST_LINKS = 10;

/** The files of an uncompressed tarball, found by reading its headers alone. */
export class TarIndex {
  readonly #path: string;
  readonly #places: ReadonlyMap<string, Place>;

  private constructor(path: string, places: ReadonlyMap<string, Place>) {
    this.#path = path;
    this.#places = places;
  }

  /** @throws Error when it is no tarball */
  static async of(path: string): Promise<TarIndex> {
    await using file = await open(path);
    return new TarIndex(path, await readPlaces(file));
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  /** The whole of a small file. @throws Error when there is none of the name */
  async read(name: string): Promise<Uint8Array> {
    return buffer(await this.open(name));
  }

  /** @throws Error when there is none of the name */
  open(name: string): Promise<Readable> {
    const place = this.#find(name);
    if (place === undefined) return Promise.reject(new Error(`${this.#path} has no ${name}`));
    const { start, size } = place;
    // A stream has at least one byte, or none at all.
    if (size === 0) return Promise.resolve(createReadStream("/dev/null"));
    return Promise.resolve(
      createReadStream(this.#path, { start, end: start + size - 1, highWaterMark: 262_144 }),
    );
  }

  #find(name: string): Place | undefined {
    let at = posix.normalize(name);
    for (let links = 0; links < MOST_LINKS; links++) {
      const place = this.#places.get(at);
      if (place?.target === undefined) return place;
      at = posix.join(posix.dirname(at), place.target);
    }
    return undefined;
  }
}

async function readPlaces(file: FileHandle): Promise<Map<string, Place>> {
  const places = new Map<string, Place>();
  const header = Buffer.alloc(BLOCK);
  let longName: string | undefined;
  for (let at = 0; ;) {
    const { bytesRead } = await file.read(header, 0, BLOCK, at);
    if (bytesRead < BLOCK || header[0] === 0) return places;
    if (!hasChecksum(header)) throw new Error("it is no tarball");
    const size = numberAt(header, 124, 12);
    const type = String.fromCharCode(header[156] as number);
    const start = at + BLOCK;
    at = start + Math.ceil(size / BLOCK) * BLOCK;
    if (type === "x" || type === "L") {
      longName = nameOf(type, await readSome(file, start, size)) ?? longName;
      continue;
    }
    if (type === "g" || type === "K") continue;
    const name = posix.normalize(longName ?? shortName(header));
    longName = undefined;
    const isLink = type === "1" || type === "2";
    // A hard link names its target from the root, a symbolic one from where it stands.
    const target = isLink ? textAt(header, 157, 100) : undefined;
    const from = type === "1" && target !== undefined ? posix.relative(posix.dirname(name), target) : target;
    if (isLink || type === "0" || type === "\0" || type === "7")
      places.set(name, { start, size, target: from });
  }
}

async function readSome(file: FileHandle, start: number, size: number): Promise<Buffer> {
  if (size > MOST_NAME_BYTES) throw new Error("it has a name that is too long");
  const bytes = Buffer.alloc(size);
  await file.read(bytes, 0, size, start);
  return bytes;
}

/** The name in front of an entry: as GNU tar writes it, or as the `path` of a record. */
function nameOf(type: string, bytes: Buffer): string | undefined {
  const text = bytes.toString("utf8");
  return type === "L" ? text.replace(/\0.*$/s, "") : /(?:^|\n)\d+ path=([^\n]*)\n/.exec(text)?.[1];
}

function shortName(header: Buffer): string {
  const name = textAt(header, 0, 100);
  const prefix = textAt(header, 257, 5) === "ustar" ? textAt(header, 345, 155) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

function textAt(header: Buffer, at: number, length: number): string {
  const end = header.indexOf(0, at);
  return header.toString("utf8", at, end === -1 || end > at + length ? at + length : end);
}

/** Octal digits, or binary for what has no room. */
function numberAt(header: Buffer, at: number, length: number): number {
  if (((header[at] as number) & 0x80) !== 0) return header.readUIntBE(at + length - 6, 6);
  return Number.parseInt(textAt(header, at, length).trim() || "0", 8);
}

function hasChecksum(header: Buffer): boolean {
  let sum = 8 * 32;
  for (const [at, byte] of header.entries()) if (at < 148 || at >= 156) sum += byte;
  return sum === numberAt(header, 148, 8);
}
