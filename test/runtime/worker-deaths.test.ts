import { describe, expect, it } from "vitest";
import { type TestServer, postJson, predictorFolder, serveFolder } from "./serving.ts";

const V1 = "/v1/models/m:predict";

/** Ends its thread when it is told to; else it works for a few milliseconds and echoes. */
const MORTAL = `
export const predict = (_model, instances) => {
  if (instances[0] === "die") process.exit(7);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3);
  return instances;
};
`;

async function send(server: TestServer, instance: unknown): Promise<{ status: number; body: unknown }> {
  return postJson(server, V1, { instances: [instance] });
}

describe("workers that die under load", () => {
  it("fail only the requests they had, each with its reason, and are replaced", async () => {
    await using folder = await predictorFolder(MORTAL);
    await using server = await serveFolder(folder.path, { options: { workers: 2 } });
    let deaths = 0;
    let stop = false;
    const failed: { status: number; body: unknown }[] = [];
    let answered = 0;
    const clients = Array.from({ length: 8 }, async (_, client) => {
      for (let round = 0; !stop; round++) {
        const instance = `${client}/${round}`;
        const { status, body } = await send(server, instance);
        if (status === 200) {
          answered++;
          expect(body).toEqual({ predictions: [instance] });
        } else failed.push({ status, body });
      }
    });
    for (; deaths < 4; deaths++) {
      const killer = await send(server, "die");
      expect(killer.status).toBe(503);
      const before: number = answered;
      while (answered < before + 20) await send(server, "on");
    }
    stop = true;
    await Promise.all(clients);
    for (const { status, body } of failed) {
      expect(status).toBe(503);
      expect(body).toEqual({ error: expect.stringContaining("the worker died while it had this request") });
    }
    // A worker has a few requests at a time; those that waited for one are another's.
    expect(failed.length).toBeLessThanOrEqual(deaths * 8);
    expect(answered).toBeGreaterThan(80);
    while (server.workers < 2) await send(server, "on");
    expect((await fetch(`${server.url}/v2/health/ready`)).status).toBe(200);
  });
});
