import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { serveFolder } from "./serving.ts";

const digits = fileURLToPath(new URL("../fixtures/models/digits-onnx", import.meta.url));

describe("the server's ONNX options", () => {
  it("reach the model in each worker", async () => {
    const cache = await mkdtemp(join(tmpdir(), "onnx-cache-"));
    try {
      const options = { onnxGraphCacheDir: cache, workers: 2, logLevel: "debug" } as const;
      await using first = await serveFolder(digits, { options });
      expect(first.model.info.platform).toBe("onnxruntime");
      expect(await readdir(cache)).toHaveLength(1);
      await using second = await serveFolder(digits, { options });
      const told = second.log.filter((line) => line.includes("the optimised graph came from the cache"));
      expect(told).toHaveLength(2);
    } finally {
      await rm(cache, { recursive: true });
    }
  });

  it("keep the server from starting where the package has no such execution provider", async () => {
    const options = { onnxExecutionProviders: "cpu, nnapi" };
    await expect(serveFolder(digits, { options })).rejects.toMatchObject({
      code: "KTS_ENGINE_MISSING",
      message: expect.stringContaining("has no execution provider nnapi") as string,
    });
    await expect(serveFolder(digits, { options: { onnxExecutionProviders: "cpu,," } })).rejects.toMatchObject(
      {
        code: "KTS_USAGE",
      },
    );
  });
});
