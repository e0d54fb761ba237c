import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { BlobSource } from "../registry/blob-upload.ts";
import { Digester, Verifier, digestOf } from "../registry/digest.ts";
import { KtsError } from "../../contract/errors.ts";

/** Bytes of a stream, as they were stored. */
export interface StoredBlob {
  readonly digest: string;
  readonly size: number;
}

/**
 * A folder of blobs by their digests, and of notes on what was made of what. It may be deleted at any time; several
 * builds may use it at once, as each file appears whole or not at all.
 */
export class BlobStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Where the blob is or would be. */
  pathOf(digest: string): string {
    return join(this.#folder, "blobs", digest.replace(":", "/"));
  }

  /** The size of a blob; undefined where there is none. */
  async sizeOf(digest: string): Promise<number | undefined> {
    return stat(this.pathOf(digest)).then(
      ({ size }) => size,
      () => undefined,
    );
  }

  /** Whether a blob is there, whole. */
  async has({ digest, size }: StoredBlob): Promise<boolean> {
    return (await this.sizeOf(digest)) === size;
  }

  /** A blob for an upload. It must be there. */
  source({ digest, size }: StoredBlob): BlobSource {
    const path = this.pathOf(digest);
    return {
      digest,
      size,
      open: (start, end) => createReadStream(path, { start, end: end - 1, highWaterMark: 262_144 }),
    };
  }

  /** The bytes of a small blob. @throws Error when there is none */
  async read(digest: string): Promise<Uint8Array> {
    return readFile(this.pathOf(digest));
  }

  /** Stores bytes. */
  async put(bytes: Uint8Array): Promise<StoredBlob> {
    const blob = { digest: digestOf(bytes), size: bytes.length };
    if (await this.has(blob)) return blob;
    const temporary = await this.#temporary();
    await writeFile(temporary, bytes);
    await this.#place(temporary, blob.digest);
    return blob;
  }

  /** Stores what comes through a chain of streams, under the digest that comes out. Nothing stays of what fails. */
  async putStream(
    streams: readonly (NodeJS.ReadableStream | NodeJS.ReadWriteStream)[],
    signal: AbortSignal,
  ): Promise<StoredBlob> {
    const temporary = await this.#temporary();
    const digester = new Digester();
    try {
      await pipeline([...streams, digester, createWriteStream(temporary)], { signal });
      const blob = { digest: digester.digest, size: digester.bytes };
      await this.#place(temporary, blob.digest);
      return blob;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** Stores a blob whose digest is known. @throws KtsError when other bytes come */
  async putVerified(blob: StoredBlob, source: Readable, signal: AbortSignal): Promise<void> {
    const wrong = (what: string) =>
      new KtsError("KTS_BUILD_INPUT", `There are ${what} where those of ${blob.digest} should be.`, {
        hint: "The base image is damaged; fetch or export it again.",
      });
    await this.putStream([source, new Verifier(blob, wrong)], signal);
  }

  /** What was noted under a key; undefined where nothing was, or it cannot be read. */
  async note<T>(kind: string, key: string): Promise<T | undefined> {
    try {
      return JSON.parse(await readFile(this.#notePath(kind, key), "utf8")) as T;
    } catch {
      return undefined;
    }
  }

  /** Notes a value of JSON under a key, which may be any text. */
  async keep(kind: string, key: string, value: unknown): Promise<void> {
    const path = this.#notePath(kind, key);
    await mkdir(join(path, ".."), { recursive: true });
    const temporary = await this.#temporary();
    await writeFile(temporary, JSON.stringify(value));
    await rename(temporary, path);
  }

  #notePath(kind: string, key: string): string {
    return join(this.#folder, kind, `${digestOf(key).slice("sha256:".length)}.json`);
  }

  async #temporary(): Promise<string> {
    const folder = join(this.#folder, "unfinished");
    await mkdir(folder, { recursive: true });
    return join(folder, randomUUID());
  }

  async #place(temporary: string, digest: string): Promise<void> {
    const path = this.pathOf(digest);
    await mkdir(join(path, ".."), { recursive: true });
    await rename(temporary, path);
  }
}
