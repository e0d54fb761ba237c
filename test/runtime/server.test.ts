import { createServer as createTcpServer } from "node:net";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { isKtsError } from "../../contract/errors.ts";
import { RawClient, post } from "./http/raw-client.ts";
import { ECHO, postJson, predictorFolder, serveFolder, servePredictor } from "./serving.ts";

const V1 = "/v1/models/m:predict";

/** Blocks its thread for as many milliseconds as the instance says. */
const BUSY = `
export const predict = (_model, [ms]) => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  return [ms];
};
`;

/** Awaits for as many milliseconds as the instance says, or until it is told to stop. */
const WAITING = `
export const execution = "inline";
export const concurrency = 1000;
export const predict = (_model, [ms], ctx) => new Promise((resolve, reject) => {
  const timer = setTimeout(() => resolve([ms]), ms);
  ctx.signal.addEventListener("abort", () => { clearTimeout(timer); globalThis.aborted = (globalThis.aborted ?? 0) + 1; reject(ctx.signal.reason); });
});
`;

async function failure(promise: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isKtsError(error)) throw new Error("expected an error of ours", { cause: error });
  return { code: error.code, message: error.message };
}

describe("starting", () => {
  it("resolves with a server that is ready, on the port it took", async () => {
    await using server = await servePredictor(ECHO);
    expect(server.state).toBe("ready");
    expect(server.port).toBeGreaterThan(0);
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
    expect(server.model).toMatchObject({ name: "m", info: { execution: "inline" } });
    expect((await fetch(`${server.url}/v2/health/ready`)).status).toBe(200);
  });

  it("answers liveness while the model loads, and readiness with 503", async () => {
    const port = await freePort();
    const starting = servePredictor(
      `${ECHO}\nexport const load = () => new Promise((resolve) => setTimeout(resolve, 1_000));`,
      { options: { httpPort: port, grpcPort: 0 } },
    );
    const url = `http://127.0.0.1:${port}`;
    await untilAnswered(`${url}/v2/health/live`);
    const ready = await fetch(`${url}/v2/health/ready`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toEqual({ ready: false });
    const early = await fetch(url + V1, { method: "POST", body: '{"instances":[1]}' });
    expect(early.status).toBe(503);
    expect(await early.json()).toEqual({ error: "Model with name m is not ready. It is being loaded." });
    expect(early.headers.get("retry-after")).toBe("1");
    await using server = await starting;
    expect((await fetch(`${server.url}/v2/health/ready`)).status).toBe(200);
  });

  it("fails with the reason when load throws, and lets the port go", async () => {
    const port = await freePort();
    const options = { httpPort: port, grpcPort: 0 };
    const broken = servePredictor(`${ECHO}\nexport const load = () => { throw new Error("no weights"); };`, {
      options,
    });
    expect(await failure(broken)).toEqual({
      code: "KTS_LOAD_FAILED",
      message: expect.stringContaining("no weights"),
    });
    await using server = await servePredictor(ECHO, { options });
    expect(server.port).toBe(port);
  });

  it("names the port and the flag when the port is taken", async () => {
    await using taken = await servePredictor(ECHO);
    const { code, message } = await failure(
      servePredictor(ECHO, { options: { httpPort: taken.port, grpcPort: 0 } }),
    );
    expect(code).toBe("KTS_PORT_IN_USE");
    expect(message).toBe(
      `port ${taken.port} on 127.0.0.1 is in use by another program; choose another with --http_port.`,
    );
  });

  it("names the host when it is not this machine's", async () => {
    const { code, message } = await failure(servePredictor(ECHO, { options: { host: "192.0.2.1" } }));
    expect(code).toBe("KTS_PORT_IN_USE");
    expect(message).toContain("192.0.2.1");
  });

  it("warns when the warm-up fails, and serves", async () => {
    await using server = await servePredictor(`
      export const execution = "inline";
      export const inputs = [{ name: "x", datatype: "FP32", shape: [-1, 2] }];
      export const predict = (_model, { x }) => { if (x.data[0] === 0) throw new Error("zeros"); return [1]; };
    `);
    expect(server.log.join("")).toContain("the warm-up with zeros failed: Error : zeros");
    expect((await postJson(server, V1, { instances: [[1, 2]] })).status).toBe(200);
  });
});

describe("a request", () => {
  it("does not hold up health probes, however long its predict blocks", async () => {
    await using server = await servePredictor(BUSY);
    let answered = false;
    const predict = postJson(server, V1, { instances: [1_500] }).finally(() => (answered = true));
    for (let probes = 0; probes < 20; probes++) {
      expect((await fetch(`${server.url}/v2/health/ready`)).status).toBe(200);
    }
    expect(answered).toBe(false);
    expect((await predict).status).toBe(200);
  });

  it.each([
    ["in a worker", BUSY],
    ["inline", WAITING],
  ])("that takes longer than it may is 504 (%s)", async (_where, predictor) => {
    await using server = await servePredictor(predictor, { options: { requestTimeoutMs: 100 } });
    const { status, body } = await postJson(server, V1, { instances: [1_000] });
    expect(status).toBe(504);
    expect(body).toEqual({ error: "The request took longer than 100 ms." });
  });

  it("has the predictor's own deadline, where it has one", async () => {
    await using server = await servePredictor(`${WAITING}\nexport const timeoutMs = 50;`);
    expect((await postJson(server, V1, { instances: [5_000] })).status).toBe(504);
  });

  it("is 429 with Retry-After when the queue is full", async () => {
    await using server = await servePredictor(BUSY, { options: { maxQueueSize: 1 } });
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => postJson(server, V1, { instances: [300] })),
    );
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status === 200).length).toBe(6 - refused.length);
    expect(Number(refused[0]?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(refused[0]?.body).toEqual({ error: expect.any(String) });
  });

  it("aborts the predictor's signal when its client leaves", async () => {
    await using server = await servePredictor(WAITING);
    const before = abortedSoFar();
    using client = await RawClient.connect(server.port);
    await client.send(post(V1, '{"instances":[10000]}'));
    await until(async () =>
      (await metrics(server.url)).includes('kserve_ts_in_flight_requests{model_name="m"} 1'),
    );
    client.abort();
    await until(() => abortedSoFar() > before);
    expect(await metrics(server.url)).toContain('verb="predict",status="499"} 1');
  });

  it("whose predictor throws is 500 with the message; the stack goes to the log, the connection stays", async () => {
    await using server = await servePredictor(`
      export const execution = "inline";
      export const predict = () => { throw new RangeError("out of luck"); };
    `);
    using client = await RawClient.connect(server.port);
    for (let round = 0; round < 2; round++) {
      await client.send(post(V1, '{"instances":[1]}', { "X-Request-Id": "abc" }));
      const { status, body } = await client.answer();
      expect(status).toBe(500);
      expect(String(body)).toContain("out of luck");
      expect(String(body)).not.toContain("predictor.mjs");
    }
    const line = server.log
      .map((text) => JSON.parse(text) as Record<string, unknown>)
      .find(({ level }) => level === "error");
    expect(line).toMatchObject({ requestId: "abc", model: "m", status: 500 });
    expect(line?.["stack"]).toContain("predictor.mjs");
  });

  it("may be answered with a status of the predictor's choice", async () => {
    await using server = await servePredictor(`
      import { HttpError, InvalidInput } from "kserve-ts";
      export const execution = "inline";
      export const predict = (_model, [status]) => {
        throw status === 400 ? new InvalidInput("too dark", { path: "instances[0]" }) : new HttpError(status, "chosen");
      };
    `);
    const paid = await postJson(server, V1, { instances: [402] });
    expect([paid.status, paid.body]).toEqual([402, { error: "chosen" }]);
    const dark = await postJson(server, V1, { instances: [400] });
    expect([dark.status, dark.body]).toEqual([400, { error: "instances[0]: too dark" }]);
  });

  it("reaches the predictor with its id, headers, parameters and protocol", async () => {
    await using server = await servePredictor(`
      export const execution = "inline";
      export const predict = (_model, _input, { requestId, headers, parameters, protocol, verb, modelName }) =>
        ({ requestId, custom: headers["x-custom"], parameters, protocol, verb, modelName });
    `);
    const { body } = await postJson(
      server,
      V1,
      { instances: [1], threshold: 3 },
      { "x-request-id": "id-1", "x-custom": "c" },
    );
    expect(body).toEqual({
      requestId: "id-1",
      custom: "c",
      parameters: { threshold: 3 },
      protocol: "v1",
      verb: "predict",
      modelName: "m",
    });
  });

  it("is explained where the predictor explains, and does not get its headers back", async () => {
    await using server = await servePredictor(`${ECHO}\nexport const explain = (_model, input) => input;`);
    const { status, body, headers } = await postJson(
      server,
      "/v1/models/m:explain",
      { instances: [1] },
      { "x-secret": "s" },
    );
    expect([status, body]).toEqual([200, { explanations: [1] }]);
    expect(headers.has("x-secret")).toBe(false);
  });

  it("leaves a line with its stages, where latency logging is on", async () => {
    await using server = await servePredictor(ECHO, { options: { enableLatencyLogging: true } });
    await postJson(server, V1, { instances: [1] }, { "x-request-id": "id-2" });
    const line = server.log
      .map((text) => JSON.parse(text) as Record<string, unknown>)
      .find(({ msg }) => msg === "request");
    expect(line).toMatchObject({
      requestId: "id-2",
      model: "m",
      predict_ms: expect.any(Number),
      total_ms: expect.any(Number),
    });
  });
});

describe("stopping", () => {
  it("loses no request of clients that never pause", async () => {
    const server = await servePredictor(WAITING, { options: { drainDelayMs: 100 } });
    const errors: unknown[] = [];
    let answers = 0;
    const hammer = async () => {
      let client = await RawClient.connect(server.port);
      for (;;) {
        await client.send(post(V1, '{"instances":[2]}'));
        const { status, headers } = await client.answer();
        if (status !== 200) throw new Error(`answered ${status}`);
        answers++;
        if (headers.get("connection") !== "close") continue;
        await client.closed();
        client = await RawClient.connect(server.port);
      }
    };
    const clients = Array.from({ length: 20 }, () =>
      hammer().catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ECONNREFUSED") errors.push(error);
      }),
    );
    await until(() => answers > 200);
    const stopping = server.stop();
    expect(server.state).toBe("draining");
    const readiness = await fetch(`${server.url}/v2/health/ready`);
    expect(readiness.status).toBe(503);
    await stopping;
    await Promise.all(clients);
    expect(errors).toEqual([]);
    expect(server.state).toBe("stopped");
    await server.stopped;
  });

  it("lets what is in flight finish, and says that the connection ends with it", async () => {
    const server = await servePredictor(WAITING);
    using client = await RawClient.connect(server.port);
    await client.send(post(V1, '{"instances":[600]}'));
    await until(async () =>
      (await metrics(server.url)).includes('kserve_ts_in_flight_requests{model_name="m"} 1'),
    );
    const stopping = server.stop();
    const { status, headers } = await client.answer();
    expect(status).toBe(200);
    expect(headers.get("connection")).toBe("close");
    await stopping;
  });

  it("cuts what does not finish within the grace period", async () => {
    const server = await servePredictor(WAITING, { options: { gracePeriodMs: 100 } });
    using client = await RawClient.connect(server.port);
    await client.send(post(V1, '{"instances":[60000]}'));
    await until(async () =>
      (await metrics(server.url)).includes('kserve_ts_in_flight_requests{model_name="m"} 1'),
    );
    await server.stop();
    await expect(client.answer()).rejects.toThrow();
  });

  it("does not wait for connections that are idle or never spoke", async () => {
    const server = await servePredictor(ECHO, { options: { gracePeriodMs: 600_000 } });
    using silent = await RawClient.connect(server.port);
    using idle = await RawClient.connect(server.port);
    await idle.send(post(V1, '{"instances":[1]}'));
    await idle.answer();
    await server.stop();
    await Promise.all([silent.closed(), idle.closed()]);
  });

  it("unloads the model once, however often it is called", async () => {
    await using folder = await predictorFolder(`
      ${ECHO}
      export const load = () => ({});
      export const unload = () => { globalThis.unloaded = (globalThis.unloaded ?? 0) + 1; };
    `);
    const server = await serveFolder(folder.path);
    await Promise.all([server.stop(), server.stop()]);
    await server.stop();
    expect((globalThis as { unloaded?: number }).unloaded).toBe(1);
  });
});

function abortedSoFar(): number {
  return (globalThis as { aborted?: number }).aborted ?? 0;
}

async function metrics(url: string): Promise<string> {
  return (await fetch(`${url}/metrics`)).text();
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(5);
}

async function untilAnswered(url: string): Promise<void> {
  await until(() =>
    fetch(url).then(
      () => true,
      () => false,
    ),
  );
}

async function freePort(): Promise<number> {
  const probe = createTcpServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
