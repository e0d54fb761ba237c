import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningServer } from "../../runtime/index.ts";
import { checkVector } from "./check-vector.ts";
import { loadVectors } from "./load-vectors.ts";
import { serveVectorModel } from "./servers.ts";
import type { VectorModel } from "./vector.ts";

const files = loadVectors();
const models = new Set(files.flatMap(({ vectors }) => vectors.flatMap(({ needs }) => needs)));
const servers = new Map<VectorModel, RunningServer>();

beforeAll(async () => {
  const started = [...models].map(async (model) => servers.set(model, await serveVectorModel(model)));
  await Promise.all(started);
});
afterAll(() => Promise.all([...servers.values()].map((server) => server.stop())));

describe.each(files)("$file: a server", ({ vectors }) => {
  it.each(vectors)("$name", async (vector) => {
    const [model] = vector.needs;
    const { url } = servers.get(model as VectorModel) as RunningServer;
    expect(await checkVector(url, vector)).toBeUndefined();
  });

  it("is told why by each vector", () => {
    for (const { name, why, spec, needs } of vectors) {
      expect([name, why, spec, ...needs].every((text) => text.length > 0)).toBe(true);
      expect(needs).toHaveLength(1);
    }
  });
});
