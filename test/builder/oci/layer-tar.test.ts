import { execFile } from "node:child_process";
import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gzipStreams } from "../../../builder/oci/gzip.ts";
import { layerEntries } from "../../../builder/oci/layer-entries.ts";
import { layerTar } from "../../../builder/oci/layer-tar.ts";
import { TarIndex } from "../../../builder/oci/tar-index.ts";
import { digestOf } from "../../../builder/registry/digest.ts";
import { type Files, layerOf, scratch } from "./plans.ts";

async function tarOf(files: Files, epochSeconds = 0): Promise<Buffer> {
  return buffer(Readable.from(layerTar(await layerOf("predictor", files), epochSeconds)));
}

const FILES: Files = {
  "/app/predictor.js": "export const predict = () => 7;\n",
  "/app/run.sh": "#!/bin/sh\n",
  "/app/node_modules/a/index.js": "1",
  "/app/node_modules/a-b/index.js": "2",
  "/app/latest": { link: "node_modules/a" },
};

describe("a layer's tar", () => {
  it("is what it was: a change here changes the digest of every image", async () => {
    expect(digestOf(await tarOf(FILES))).toMatchInlineSnapshot(
      `"sha256:3a88c64a9369358fe1301d35e4576f1cbdbbd56a4b1b3af24507f39a4ebea59e"`,
    );
  });

  it("is read by tar: root's, in order, with fixed modes and times", async () => {
    await using folder = await scratch();
    const path = join(folder.path, "layer.tar");
    await writeFile(path, await tarOf(FILES, 1_700_000_000));
    const env = { ...process.env, TZ: "UTC" };
    const args = ["--list", "--verbose", "--numeric-owner", "--full-time", "--file", path];
    const { stdout } = await promisify(execFile)("tar", args, { env });
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => line.replaceAll(/ +/g, " "));
    expect(lines).toEqual([
      "drwxr-xr-x 0/0 0 2023-11-14 22:13:20 app/",
      "lrwxrwxrwx 0/0 0 2023-11-14 22:13:20 app/latest -> node_modules/a",
      "drwxr-xr-x 0/0 0 2023-11-14 22:13:20 app/node_modules/",
      "drwxr-xr-x 0/0 0 2023-11-14 22:13:20 app/node_modules/a/",
      "-rw-r--r-- 0/0 1 2023-11-14 22:13:20 app/node_modules/a/index.js",
      "drwxr-xr-x 0/0 0 2023-11-14 22:13:20 app/node_modules/a-b/",
      "-rw-r--r-- 0/0 1 2023-11-14 22:13:20 app/node_modules/a-b/index.js",
      "-rw-r--r-- 0/0 32 2023-11-14 22:13:20 app/predictor.js",
      "-rwxr-xr-x 0/0 10 2023-11-14 22:13:20 app/run.sh",
    ]);
  });

  it("does not depend on the order of the plan", async () => {
    const turned = Object.fromEntries(Object.entries(FILES).reverse());
    expect(digestOf(await tarOf(turned))).toBe(digestOf(await tarOf(FILES)));
  });

  it("has every file of any name and content, each folder in front of it", async () => {
    await using folder = await scratch();
    const part = fc
      .string({ minLength: 1, maxLength: 150, unit: "grapheme" })
      .filter((text) => /^[^/\0\n]+$/.test(text) && !/^\.{1,2}$/.test(text));
    const paths = fc.uniqueArray(fc.array(part, { minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(paths, fc.string({ maxLength: 2000 }), async (all, contents) => {
        const names = all.map((parts) => ["f", ...parts, "file"].join("/"));
        const files = Object.fromEntries(names.map((name) => [`/${name}`, `${contents}${name}`]));
        const layer = await layerOf("model", files);
        const seen = new Set<string>([""]);
        for (const { name } of layerEntries(layer)) {
          expect(seen).toContain(name.slice(0, Math.max(0, name.lastIndexOf("/"))));
          seen.add(name);
        }
        const path = join(folder.path, "layer.tar");
        await writeFile(path, await tarOf(files));
        const index = await TarIndex.of(path);
        for (const name of names) {
          expect(Buffer.from(await index.read(name)).toString()).toBe(
            Buffer.from(`${contents}${name}`).toString(),
          );
        }
      }),
      { numRuns: 30 },
    );
  });

  it("is refused where a file has changed its size since the plan", async () => {
    await using folder = await scratch();
    for (const bytes of [1000, 1_000_000]) {
      const path = join(folder.path, "model.onnx");
      await writeFile(path, Buffer.alloc(bytes));
      const layer = await layerOf("model", { "/mnt/models/model.onnx": { file: path } });
      await truncate(path, bytes - 1);
      const made = buffer(Readable.from(layerTar(layer, 0)));
      await expect(made).rejects.toMatchObject({
        code: "KTS_BUILD_INPUT",
        message: `${path}, which is to be /mnt/models/model.onnx, had ${bytes} bytes when the build was planned and has ${bytes - 1} now`,
      });
    }
  });

  it("is refused where a file has gone", async () => {
    await using folder = await scratch();
    const path = join(folder.path, "model.onnx");
    await writeFile(path, "x");
    const layer = await layerOf("model", { "/mnt/models/model.onnx": { file: path } });
    const { rm } = await import("node:fs/promises");
    await rm(path);
    await expect(buffer(Readable.from(layerTar(layer, 0)))).rejects.toMatchObject({
      code: "KTS_BUILD_INPUT",
    });
  });

  it("ends its work where nobody reads it to the end", async () => {
    await using folder = await scratch();
    const path = join(folder.path, "model.bin");
    await writeFile(path, Buffer.alloc(20_000_000));
    const tar = layerTar(await layerOf("model", { "/mnt/models/model.bin": { file: path } }), 0);
    for await (const chunk of tar) if (chunk.length > 1000) break;
    expect(await tar.next()).toEqual({ done: true, value: undefined });
  });
});

describe("a layer's compression", () => {
  it("says neither when nor on which system it was made", async () => {
    const chunks: Buffer[] = [];
    await pipeline(
      Readable.from([Buffer.from("hello")]),
      ...gzipStreams(6),
      async (source: AsyncIterable<Buffer>) => {
        for await (const chunk of source) chunks.push(chunk);
      },
    );
    expect(Buffer.concat(chunks).subarray(0, 10).toString("hex")).toBe("1f8b08000000000000ff");
  });
});
