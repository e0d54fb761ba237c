import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../../../protocol/limits.ts";
import { DataPlane } from "../../../../runtime/data-plane.ts";
import { Connections } from "../../../../runtime/http/connections.ts";
import { createHttpServer } from "../../../../runtime/http/http-server.ts";
import type { InferenceServices } from "../../../../runtime/http/inference-services.ts";
import { FastLane } from "../../../../runtime/http/lane/fast-lane.ts";
import { createListener } from "../../../../runtime/http/listener.ts";
import { Lifecycle } from "../../../../runtime/lifecycle.ts";
import type { EntryContext } from "../../../../runtime/models/model-entry.ts";
import { ModelRepository } from "../../../../runtime/models/model-repository.ts";
import { defaultServerOptions } from "../../../../runtime/options.ts";
import { createLog } from "../../../../runtime/telemetry/logger.ts";
import { type TestServer, servePredictor } from "../../serving.ts";
import { type RawAnswer, RawClient, post } from "../raw-client.ts";
import { until } from "../../streams.ts";
import { countNodeRequests } from "./lane-server.ts";

const V1 = "/v1/models/m:predict";
const V2 = "/v2/models/m/infer";
const LIVE = "GET /v2/health/live HTTP/1.1\r\nHost: t\r\n\r\n";

/** Echoes; `wait` waits until it is aborted, and `free` ends all waits. A list of headers is what it got. */
const PREDICTOR = `
export const execution = "inline";
export const concurrency = 10_000;
const waiting = [];
export const predict = async (_model, input, ctx) => {
  const [first] = Array.isArray(input) ? input : [];
  if (first === "free") for (const end of waiting.splice(0)) end();
  if (first === "headers") {
    const seen = JSON.stringify(ctx.headers);
    ctx.headers.host = "changed";
    return [seen];
  }
  if (first === "wait") {
    await new Promise((resolve) => {
      waiting.push(resolve);
      ctx.signal.addEventListener("abort", resolve);
    });
  }
  return input;
};
`;

let server: TestServer;
beforeAll(async () => {
  server = await servePredictor(PREDICTOR);
});
afterAll(() => server.stop());

const say = (...instances: unknown[]) => post(V1, JSON.stringify({ instances }));
const textOf = ({ body }: RawAnswer) => String(body);

async function answers(client: RawClient, count: number): Promise<string[]> {
  const all: string[] = [];
  while (all.length < count) all.push(textOf(await client.answer()));
  return all;
}

async function metric(pattern: RegExp): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(pattern.exec(text)?.[1] ?? NaN);
}

async function settled(pattern: RegExp, value: number): Promise<void> {
  while ((await metric(pattern)) !== value) await sleep(5);
}

describe("a connection of the fast lane", () => {
  it("answers one request after the other, of any length", async () => {
    using node = countNodeRequests();
    using client = await RawClient.connect(server.port);
    for (const length of [1, 10, 1, 3_000, 300_000, 2, 65_536]) {
      const text = "x".repeat(length);
      await client.send(say(text));
      expect(textOf(await client.answer())).toBe(`{"predictions":["${text}"]}`);
    }
    expect(node.count).toBe(0);
  });

  it("answers requests that came at once in their order, however many and large they are", async () => {
    using node = countNodeRequests();
    using client = await RawClient.connect(server.port);
    const texts = Array.from({ length: 200 }, (_, at) => `${at}${"x".repeat((at % 7) * 3_000)}`);
    void client.send(Buffer.concat(texts.map((text) => say(text))));
    expect(await answers(client, 200)).toEqual(texts.map((text) => `{"predictions":["${text}"]}`));
    expect(node.count).toBe(0);
  });

  it("lets what came early wait while a request is predicted", async () => {
    using client = await RawClient.connect(server.port);
    await client.send(
      Buffer.concat([say("wait"), ...Array.from({ length: 50 }, (_, at) => say(at, "x".repeat(10_000)))]),
    );
    using other = await RawClient.connect(server.port);
    await other.send(say("free"));
    await other.answer();
    const all = await answers(client, 51);
    expect(all[0]).toBe('{"predictions":["wait"]}');
    expect(
      all.slice(1).map((text) => (JSON.parse(text) as { predictions: unknown[] }).predictions[0]),
    ).toEqual(Array.from({ length: 50 }, (_, at) => at));
  });

  it("is kept for probes and metadata among the requests", async () => {
    using client = await RawClient.connect(server.port);
    const metadata = "GET /v2/models/m HTTP/1.1\r\nHost: t\r\n\r\n";
    const nowhere = "GET /nowhere HTTP/1.1\r\nHost: t\r\n\r\n";
    using node = countNodeRequests();
    await client.send(
      Buffer.concat([
        say("a"),
        Buffer.from(LIVE + metadata + nowhere),
        say("b"),
        Buffer.from(LIVE),
        say("c"),
      ]),
    );
    const all = await answers(client, 7);
    expect(all.map((text) => text.slice(0, 22))).toEqual([
      '{"predictions":["a"]}',
      '{"live":true}',
      expect.stringContaining('{"name":"m"'),
      expect.stringContaining('{"error"'),
      '{"predictions":["b"]}',
      '{"live":true}',
      '{"predictions":["c"]}',
    ]);
    expect(node.count).toBe(4);
  });

  it("is node:http's after a request that is not for the lane, and answers as before", async () => {
    using node = countNodeRequests();
    using client = await RawClient.connect(server.port);
    const chunked = `POST ${V1} HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n{"instances":[1]}\r\n0\r\n\r\n`;
    await client.send(Buffer.concat([say("a"), Buffer.from(chunked), say("b"), Buffer.from(LIVE)]));
    expect(await answers(client, 4)).toEqual([
      '{"predictions":["a"]}',
      '{"predictions":[1]}',
      '{"predictions":["b"]}',
      '{"live":true}',
    ]);
    await client.send(say("y".repeat(500_000)));
    expect(textOf(await client.answer())).toHaveLength(500_000 + '{"predictions":[""]}'.length);
    expect(node.count).toBe(4);
  });

  it("skips the body of a request that is answered before it has come", async () => {
    using client = await RawClient.connect(server.port);
    const bytes = post("/v1/models/other:predict", Buffer.alloc(200_000, 0x20));
    await client.send(bytes.subarray(0, 1_000));
    expect((await client.answer()).status).toBe(404);
    await client.send(Buffer.concat([bytes.subarray(1_000), say("a")]));
    expect(await answers(client, 1)).toEqual(['{"predictions":["a"]}']);
  });

  it("gives each request headers of its own, its length among them", async () => {
    using client = await RawClient.connect(server.port);
    const bytes = say("headers");
    const longer = say("headers", 1, 2, 3);
    const seen = async (request: Buffer) => {
      await client.send(request);
      const { predictions } = JSON.parse(textOf(await client.answer())) as { predictions: string[] };
      return JSON.parse(predictions[0] as string) as unknown;
    };
    const first = { host: "test", "content-length": String('{"instances":["headers"]}'.length) };
    expect(await seen(bytes)).toEqual(first);
    expect(await seen(bytes)).toEqual(first);
    expect(await seen(longer)).toEqual({
      ...first,
      "content-length": String('{"instances":["headers",1,2,3]}'.length),
    });
  });

  it("does not mix bodies of other connections into its own", async () => {
    await Promise.all(
      Array.from({ length: 16 }, async (_, at) => {
        using client = await RawClient.connect(server.port);
        const data = Buffer.alloc(120_000, Buffer.from(Float32Array.of(at, at + 0.5, -at).buffer));
        const json = JSON.stringify({
          id: String(at),
          parameters: { binary_data_output: true },
          inputs: [
            {
              name: "x",
              shape: [data.length / 4],
              datatype: "FP32",
              parameters: { binary_data_size: data.length },
            },
          ],
        });
        const bytes = post(V2, Buffer.concat([Buffer.from(json), data]), {
          "Inference-Header-Content-Length": String(json.length),
        });
        for (let round = 0; round < 5; round++) {
          const cut = 1 + ((round * 37_001 + at * 7_919) % (bytes.length - 1));
          await client.send(bytes.subarray(0, cut));
          await client.send(bytes.subarray(cut));
          const { headers, body } = await client.answer();
          const jsonLength = Number(headers.get("inference-header-content-length"));
          expect(body.subarray(jsonLength).equals(data)).toBe(true);
        }
      }),
    );
  });
});

describe("a client of the fast lane that leaves", () => {
  it("while its request is predicted ends the prediction, counted as 499", async () => {
    const counted = /verb="predict",status="499"\} (\d+)/;
    const before = await metric(counted);
    using client = await RawClient.connect(server.port);
    await client.send(say("wait"));
    await settled(/in_flight_requests\{.*\} (\d+)/, 1);
    client.abort();
    await settled(/in_flight_requests\{.*\} (\d+)/, 0);
    expect(await metric(counted)).toBe(Number.isNaN(before) ? 1 : before + 1);
  });

  it("within its request leaves nothing in flight", async () => {
    const bytes = say("x".repeat(200_000));
    for (const end of [10, 100, 1_000, 150_000, bytes.length - 1]) {
      using client = await RawClient.connect(server.port);
      await client.send(bytes.subarray(0, end));
      client.abort();
    }
    await settled(/in_flight_requests\{.*\} (\d+)/, 0);
  });

  it("while node:http is lent the connection does no harm", async () => {
    for (let round = 0; round < 20; round++) {
      using client = await RawClient.connect(server.port);
      await client.send("GET /metrics HTTP/1.1\r\nHost: t\r\n\r\n");
      client.abort();
    }
    using client = await RawClient.connect(server.port);
    await client.send(say("a"));
    expect(await answers(client, 1)).toEqual(['{"predictions":["a"]}']);
  });
});

describe("a server with the fast lane that stops", () => {
  it("lets the requests of the lane finish, says so, and ends the idle connections", async () => {
    await using stopping = await servePredictor(PREDICTOR);
    using idle = await RawClient.connect(stopping.port);
    await idle.send(say("a"));
    await idle.answer();
    using busy = await RawClient.connect(stopping.port);
    await busy.send(say("wait"));
    using last = await RawClient.connect(stopping.port);
    await last.send(say("b"));
    await last.answer();
    const stopped = stopping.stop();
    // Answers say so as soon as the port is closed, and not before: who leaves comes back.
    await until(() => refuses(stopping.port));
    await last.send(say("free"));
    for (const client of [last, busy]) {
      const { status, headers } = await client.answer();
      expect([status, headers.get("connection"), headers.get("keep-alive")]).toEqual([
        200,
        "close",
        undefined,
      ]);
      await client.closed();
    }
    await idle.closed();
    await stopped;
  });

  it("cuts what does not finish in time", async () => {
    await using stopping = await servePredictor(PREDICTOR, { options: { gracePeriodMs: 100 } });
    using busy = await RawClient.connect(stopping.port);
    await busy.send(say("a"));
    await busy.answer();
    await busy.send(say("wait"));
    await stopping.stop();
    expect(await busy.closed()).toBe("");
  });
});

async function refuses(port: number): Promise<boolean> {
  try {
    using client = await RawClient.connect(port);
    return client === undefined;
  } catch {
    return true;
  }
}

describe("the fast lane's times", () => {
  /** A server without a model, whose clients have 50 ms. */
  async function hurried(timeoutKeepAlive = 65) {
    const options = { ...defaultServerOptions(), timeoutKeepAlive };
    const log = createLog({ logLevel: "silent", logFormat: "json" });
    const plane = new DataPlane(new ModelRepository({} as EntryContext), DEFAULT_LIMITS);
    const services: InferenceServices = {
      plane,
      lifecycle: new Lifecycle(),
      options,
      limits: DEFAULT_LIMITS,
      log,
      tracing: undefined,
      payloadLog: undefined,
    };
    const httpServer = createHttpServer(
      options,
      createListener(services, () => Promise.reject(new Error("no control surface"))),
    );
    const lane = new FastLane(services, httpServer, { headMs: 50, requestMs: 50 });
    const connections = new Connections(httpServer, log, lane);
    const { port } = await connections.listen(0, "127.0.0.1");
    return { port, [Symbol.asyncDispose]: () => connections.cut() };
  }

  it.each([
    ["nothing", 0],
    ["half a head", 30],
  ])("end with 408 where a client sends %s", async (_what, end) => {
    await using slow = await hurried();
    using client = await RawClient.connect(slow.port);
    await client.send(say("a").subarray(0, end));
    const { status, headers, body } = await client.answer();
    expect([status, headers.get("connection"), String(body)]).toEqual([
      408,
      "close",
      '{"error":"The request took too long to arrive."}',
    ]);
    await client.closed();
  });

  const request = say("a");
  it.each([
    ["whole", request.length - 1],
    ["at all", request.indexOf("{")],
  ])("end with 408 where a body does not come %s", async (_what, end) => {
    await using slow = await hurried();
    using client = await RawClient.connect(slow.port);
    await client.send(request.subarray(0, end));
    expect((await client.answer()).status).toBe(404);
    expect((await client.answer()).status).toBe(408);
    await client.closed();
  });

  it("end a connection that idles for longer than it may, without a word", async () => {
    await using slow = await hurried(1);
    using client = await RawClient.connect(slow.port);
    await client.send(say("a"));
    expect((await client.answer()).headers.get("keep-alive")).toBe("timeout=1");
    expect(await client.closed()).toBe("");
  });
});
