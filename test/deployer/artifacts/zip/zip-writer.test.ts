import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import yauzl from "yauzl";
import { type Content, bytesContent, textContent } from "../../../../deployer/artifacts/content.ts";
import { readZipDirectory, readZipFile } from "../../../../deployer/artifacts/zip/zip-reader.ts";
import { summedZipContent, zipContent } from "../../../../deployer/artifacts/zip/zip-writer.ts";
import { memoryBytes } from "../../../../deployer/artifacts/readers/byte-reader.ts";
import { bytesOf } from "../temp-model.ts";

const GIGABYTE = 1024 ** 3;

const names = fc
  .stringMatching(/^[a-zA-Zä文0-9_.-]{1,12}(\/[a-z0-9]{1,8}){0,2}$/)
  .filter((name) => !/(^|\/)\.\.?(\/|$)/.test(name));
const archives = fc.dictionary(names, fc.uint8Array({ maxLength: 3000 }), { maxKeys: 12 });

describe("zipContent", () => {
  it("writes what yauzl reads back, checksums included", async () => {
    await fc.assert(
      fc.asyncProperty(archives, async (files) => {
        const entries = Object.entries(files).map(([name, bytes]) => ({
          name,
          content: bytesContent(bytes),
        }));
        const zip = await yauzl.fromBufferPromise(await bytesOf(await zipContent(entries)));
        const read: [string, Buffer][] = [];
        for await (const entry of zip.eachEntry()) {
          read.push([entry.fileName, await buffer(await zip.openReadStreamPromise(entry))]);
        }
        expect(read).toEqual(Object.entries(files).map(([name, bytes]) => [name, Buffer.from(bytes)]));
      }),
      { numRuns: 60 },
    );
  });

  it("writes what our own reader reads back", async () => {
    await fc.assert(
      fc.asyncProperty(archives, async (files) => {
        const entries = Object.entries(files).map(([name, bytes]) => ({
          name,
          content: bytesContent(bytes),
        }));
        const bytes = memoryBytes(await bytesOf(await zipContent(entries)));
        const read = readZipDirectory(bytes).map((file) => [file.name, readZipFile(bytes, file, 10_000)]);
        expect(read).toEqual(Object.entries(files).map(([name, each]) => [name, Buffer.from(each)]));
      }),
      { numRuns: 60 },
    );
  });

  it("gives the same bytes for the same files, whole or in parts", async () => {
    const make = () =>
      zipContent([
        { name: "a", content: textContent("one") },
        { name: "b/c", content: textContent("two") },
      ]);
    const whole = await bytesOf(await make());
    const again = await make();
    expect(again.sizeBytes).toBe(whole.length);
    for (let at = 0; at < whole.length; at += 7) {
      expect(await bytesOf(again, at, at + 7)).toEqual(whole.subarray(at, at + 7));
    }
  });

  it("writes zip64 for files beyond 4 GB and what lies behind them", async () => {
    const zip = summedZipContent([
      { name: "weights", content: zeros(5 * GIGABYTE), crc32: 0 },
      { name: "more", content: zeros(6 * GIGABYTE), crc32: 0 },
      { name: "small", content: textContent("behind"), crc32: crc32("behind") },
    ]);
    const read = await yauzl.fromRandomAccessReaderPromise(new ContentReader(zip), zip.sizeBytes, {
      autoClose: false,
    });
    const sizes: [string, number][] = [];
    let last: yauzl.Entry | undefined;
    for await (const entry of read.eachEntry()) {
      sizes.push([entry.fileName, entry.uncompressedSize]);
      last = entry;
    }
    expect(sizes).toEqual([
      ["weights", 5 * GIGABYTE],
      ["more", 6 * GIGABYTE],
      ["small", 6],
    ]);
    const small = await read.openReadStreamPromise(last!);
    expect((await buffer(small)).toString()).toBe("behind");
  });

  it("writes zip64 for more than 65,535 files", async () => {
    const content = textContent("");
    const entries = Array.from({ length: 65_600 }, (_, index) => ({ name: `${index}`, content, crc32: 0 }));
    const bytes = await bytesOf(summedZipContent(entries));
    const zip = await yauzl.fromBufferPromise(bytes);
    expect(zip.entryCount).toBe(65_600);
    expect(readZipDirectory(memoryBytes(bytes))).toHaveLength(65_600);
  });
});

/** Zeros that need no memory, until they are read. */
function zeros(sizeBytes: number): Content {
  return {
    sizeBytes,
    async *read(start = 0, end = sizeBytes) {
      yield Buffer.alloc(end - start);
    },
  };
}

class ContentReader extends yauzl.RandomAccessReader {
  readonly #content: Content;

  constructor(content: Content) {
    super();
    this.#content = content;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#content.read(start, end));
  }
}
