import { createHash } from "node:crypto";
import { truncate } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BLOCK_BYTES,
  bytesContent,
  digestsOf,
  fileContent,
  fillFrom,
  joinedContent,
} from "../../../deployer/artifacts/content.ts";
import { bytesOf, failure, tempModel } from "./temp-model.ts";

describe("joinedContent", () => {
  it("gives any part as if all were one", async () => {
    const parts = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(parts, fc.nat(130), fc.nat(130), async (arrays, a, b) => {
        const whole = Buffer.concat(arrays);
        const joined = joinedContent(arrays.map(bytesContent));
        const [start, end] = [Math.min(a, b, whole.length), Math.min(Math.max(a, b), whole.length)];
        expect(joined.sizeBytes).toBe(whole.length);
        expect(await bytesOf(joined, start, end)).toEqual(whole.subarray(start, end));
      }),
    );
  });
});

describe("fileContent", () => {
  it("gives a part of a file", async () => {
    await using model = await tempModel({ weights: "0123456789" });
    const content = fileContent(model.file("weights"), 10);
    expect((await bytesOf(content, 3, 7)).toString()).toBe("3456");
    expect((await bytesOf(content)).toString()).toBe("0123456789");
    expect(await bytesOf(content, 4, 4)).toHaveLength(0);
  });

  it("fails when the file has shrunk since it was checked", async () => {
    await using model = await tempModel({ weights: "0123456789" });
    const content = fileContent(model.file("weights"), 10);
    await truncate(model.file("weights"), 4);
    const error = await failure(() => bytesOf(content));
    expect(error.code).toBe("KTS_MODEL_FILE_INVALID");
    expect(error.message).toContain("expected 10 bytes, as when it was checked, got 4");
  });
});

describe("fillFrom", () => {
  it("reads a stretch of a file, of bytes, and of both joined", async () => {
    await using model = await tempModel({ weights: "0123456789" });
    const file = fileContent(model.file("weights"), 10);
    for (const content of [file, joinedContent([file, bytesContent(Buffer.from("ab"))])]) {
      const target = Buffer.alloc(5);
      await fillFrom(content, target, 4);
      expect(target.toString()).toBe("45678");
    }
  });

  it("fails when there is not as much", async () => {
    await using model = await tempModel({ weights: "0123456789" });
    const content = fileContent(model.file("weights"), 10);
    await truncate(model.file("weights"), 4);
    const error = await failure(() => fillFrom(content, Buffer.alloc(10), 0));
    expect(error.message).toContain("expected 10 bytes, as when it was checked, got 4");
    await expect(fillFrom(bytesContent(Buffer.alloc(3)), Buffer.alloc(5), 0)).rejects.toThrow(
      "2 bytes too early",
    );
  });
});

describe("the digests of a content", () => {
  const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

  it("are one where it is no longer than a block", async () => {
    for (const sizeBytes of [0, 1, 3_000_000, BLOCK_BYTES]) {
      const bytes = Buffer.alloc(sizeBytes, "abc");
      expect(await digestsOf(bytesContent(bytes))).toEqual({
        sha256: sha256(bytes),
        blocks: [sha256(bytes)],
      });
    }
  });

  it("are one of the whole, and one of each block", async () => {
    for (const sizeBytes of [BLOCK_BYTES + 1, 2 * BLOCK_BYTES, 2 * BLOCK_BYTES + 1_234_567]) {
      const bytes = Buffer.alloc(sizeBytes, "abcdefg");
      const blocks: string[] = [];
      for (let start = 0; start < sizeBytes; start += BLOCK_BYTES) {
        blocks.push(sha256(bytes.subarray(start, start + BLOCK_BYTES)));
      }
      expect(await digestsOf(bytesContent(bytes))).toEqual({ sha256: sha256(bytes), blocks });
    }
  });
});
