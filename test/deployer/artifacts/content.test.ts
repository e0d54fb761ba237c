import { truncate } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesContent, fileContent, joinedContent } from "../../../deployer/artifacts/content.ts";
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
