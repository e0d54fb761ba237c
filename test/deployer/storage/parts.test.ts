import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { bytesContent, joinedContent } from "../../../deployer/artifacts/content.ts";
import { partSize, sendParts } from "../../../deployer/storage/parts.ts";
import { Slots } from "../../../deployer/storage/slots.ts";

const MIB = 1 << 20;
const GIB = 2 ** 30;
const S3 = { maxParts: 10_000, maxPartBytes: 5 * GIB };

describe("the size of a file's parts", () => {
  it("is 16 MiB as long as that is few enough", () => {
    expect(partSize(0, S3)).toBe(16 * MIB);
    expect(partSize(5 * GIB, S3)).toBe(16 * MIB);
    expect(partSize(10_000 * 16 * MIB, S3)).toBe(16 * MIB);
  });

  it("grows by whole MiB, so that there are never more parts than the store takes", () => {
    for (const sizeBytes of [10_000 * 16 * MIB + 1, 500 * GIB, 5000 * GIB + 17, 10_000 * 5 * GIB]) {
      const partBytes = partSize(sizeBytes, S3);
      expect(partBytes % MIB).toBe(0);
      expect(Math.ceil(sizeBytes / partBytes)).toBeLessThanOrEqual(S3.maxParts);
      expect(partBytes).toBeLessThanOrEqual(S3.maxPartBytes);
    }
  });

  it("is refused where no store's limit holds the file", () => {
    expect(() => partSize(10_000 * 5 * GIB + 1, S3)).toThrow(/more than the store takes, which is 48\.8 TiB/);
  });
});

describe("sending a file in parts", () => {
  const bytes = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 251));
  const upload = {
    path: "a.bin",
    content: joinedContent([bytesContent(bytes.subarray(0, 3)), bytesContent(bytes.subarray(3))]),
    sha256: createHash("sha256").update(bytes).digest("hex"),
    blocks: [],
    onBytes: () => undefined,
    signal: new AbortController().signal,
  };

  it("cuts it at the same places, whatever pieces it is read in", async () => {
    const parts: Buffer[] = [];
    await sendParts(upload, {
      partBytes: 300,
      slots: new Slots(2),
      send: async ({ index, start, bytes: part }) => {
        expect(start).toBe(index * 300);
        // Its memory is used again.
        parts[index] = Buffer.from(part);
      },
    });
    expect(parts.map(({ length }) => length)).toEqual([300, 300, 300, 100]);
    expect(Buffer.concat(parts)).toEqual(bytes);
  });

  it("holds no more parts than there are places", async () => {
    let held = 0;
    let most = 0;
    await sendParts(upload, {
      partBytes: 10,
      slots: new Slots(3),
      send: async () => {
        held += 1;
        most = Math.max(most, held);
        await new Promise((resolve) => setImmediate(resolve));
        held -= 1;
      },
    });
    expect(most).toBe(3);
  });

  it("ends the others by the first failure, and gives every place back", async () => {
    const slots = new Slots(2);
    const failure = new Error("refused");
    const ended: boolean[] = [];
    const sending = sendParts(upload, {
      partBytes: 100,
      slots,
      send: async ({ index }, signal) => {
        if (index === 1) throw failure;
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        ended.push(signal.aborted);
      },
    });
    await expect(sending).rejects.toBe(failure);
    expect(ended).toEqual([true]);
    await slots.take();
    await slots.take();
  });
});
