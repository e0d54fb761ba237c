import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningServer } from "../../runtime/index.ts";
import { checkGrpcVector, loadGrpcVectors } from "./grpc.ts";
import { serveVectorModel } from "./servers.ts";
import type { VectorModel } from "./vector.ts";

const vectors = loadGrpcVectors();
const models = new Set(vectors.flatMap(({ needs }) => needs));
const servers = new Map<VectorModel, RunningServer>();

beforeAll(async () => {
  await Promise.all([...models].map(async (model) => servers.set(model, await serveVectorModel(model))));
});
afterAll(() => Promise.all([...servers.values()].map((server) => server.stop())));

describe("gRPC: a server", () => {
  it.each(vectors)("$name", async (vector) => {
    const [model] = vector.needs;
    const { grpcPort } = servers.get(model as VectorModel) as RunningServer;
    expect(await checkGrpcVector(`127.0.0.1:${grpcPort}`, vector)).toBeUndefined();
  });

  it("is told why by each vector", () => {
    for (const { name, why, spec, needs } of vectors) {
      expect([name, why, spec, ...needs].every((text) => text.length > 0)).toBe(true);
      expect(needs).toHaveLength(1);
    }
  });
});
