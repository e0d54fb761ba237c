import { describe, expect, it } from "vitest";
import { TestClient } from "../grpc/client.ts";
import { eventOf } from "../grpc/raw-call.ts";
import { type TestServer, ECHO, servePredictor } from "../serving.ts";
import { servePassThrough } from "./chains.ts";

const PATHS = ["/v2/health/ready", "/v1/models/m", "/v2/models/m/ready"];

async function ask(server: TestServer, path: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(server.url + path);
  return { status: response.status, body: await response.json() };
}

/** Asks until it is so; the test's own time limit ends it. */
async function untilStatus(server: TestServer, path: string, status: number): Promise<unknown> {
  for (;;) {
    const answer = await ask(server, path);
    if (answer.status === status) return answer.body;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe.each(["v1", "v2", "grpc-v2"] as const)(
  "--enable_predictor_health_check by %s",
  (predictorProtocol) => {
    it("is ready while the predictor is: up, down and up again", async () => {
      const first = await servePredictor(ECHO);
      await using server = await servePassThrough(first, {
        predictorProtocol,
        enablePredictorHealthCheck: true,
      });
      for (const path of PATHS) expect((await ask(server, path)).status).toBe(200);

      await first.stop();
      expect(await untilStatus(server, "/v2/health/ready", 503)).toEqual({ ready: false });
      expect(await untilStatus(server, "/v1/models/m", 503)).toEqual({
        error:
          "Model with name m is not ready. Cannot reach the predictor: nothing accepts connections there.",
      });
      expect((await ask(server, "/v2/health/live")).status).toBe(200);

      const { port: httpPort, grpcPort } = first;
      await using again = await servePredictor(ECHO, { options: { httpPort, grpcPort } });
      expect(again.port).toBe(httpPort);
      for (const path of PATHS) await untilStatus(server, path, 200);
    });

    it.skipIf(predictorProtocol === "grpc-v2")(
      "asks the protocol's own question, once a second at most",
      async () => {
        const asked: string[] = [];
        await using predictor = await servePredictor(ECHO, {
          extend: (app) => {
            app.use((req, _res, next) => {
              asked.push(req.path);
              next();
            });
          },
        });
        await using server = await servePassThrough(predictor, {
          predictorProtocol,
          enablePredictorHealthCheck: true,
        });
        const started = performance.now();
        await Promise.all(Array.from({ length: 30 }, () => ask(server, "/v2/health/ready")));
        const seconds = Math.floor((performance.now() - started) / 1000);
        expect(new Set(asked)).toEqual(
          new Set([predictorProtocol === "v1" ? "/v1/models/m" : "/v2/models/m/ready"]),
        );
        expect(asked.length).toBeLessThanOrEqual(1 + seconds);
      },
    );

    it("is not ready where the predictor has no such model", async () => {
      await using predictor = await servePredictor(ECHO);
      await using server = await servePassThrough(predictor, {
        predictorProtocol,
        enablePredictorHealthCheck: true,
        modelName: "other",
      });
      expect(await ask(server, "/v1/models/other")).toEqual({
        status: 503,
        body: {
          error:
            "Model with name other is not ready. Its predictor answered 404: Model with name other does not exist.",
        },
      });
    });
  },
);

describe("without --enable_predictor_health_check", () => {
  it("is ready whatever the predictor does, as its requests say how that is", async () => {
    const predictor = await servePredictor(ECHO);
    await using server = await servePassThrough(predictor);
    await predictor.stop();
    for (const path of PATHS) expect((await ask(server, path)).status).toBe(200);
  });
});

describe("--enable_predictor_health_check over gRPC", () => {
  const HEALTH = "grpc.health.v1.Health";
  const [SERVING, NOT_SERVING] = [1, 2];

  it("says by every method what the predictor is: up, and down", async () => {
    const predictor = await servePredictor(ECHO);
    await using server = await servePassThrough(predictor, { enablePredictorHealthCheck: true });
    using client = new TestClient(server.grpcPort);
    const answers = async () => ({
      server: (await client.call("ServerReady", {})).answer,
      model: (await client.call("ModelReady", { name: "m" })).answer,
      health: (await client.call(`${HEALTH}/Check`, {})).answer,
      liveness: (await client.call(`${HEALTH}/Check`, { service: "liveness" })).answer,
    });
    const alive = { liveness: { status: SERVING } };
    const up = { server: { ready: true }, model: { ready: true }, health: { status: SERVING }, ...alive };
    expect(await answers()).toEqual(up);

    const watch = client.watch(`${HEALTH}/Watch`, {});
    watch.on("error", () => undefined);
    expect(await eventOf(watch, "data")).toEqual([{ status: SERVING }]);
    const changed = eventOf(watch, "data");
    await predictor.stop();
    expect(await changed).toEqual([{ status: NOT_SERVING }]);
    watch.cancel();
    expect(await answers()).toEqual({ server: {}, model: {}, health: { status: NOT_SERVING }, ...alive });
    const listed = (await client.call(`${HEALTH}/List`, {})).answer;
    expect(listed["statuses"]).toMatchObject({ "": { status: NOT_SERVING }, liveness: { status: SERVING } });
  });
});
