import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ECHO, type TestServer, servePredictor } from "../serving.ts";
import { TestClient } from "./client.ts";

let server: TestServer;
let client: TestClient;
beforeAll(async () => {
  server = await servePredictor(ECHO);
  client = new TestClient(server.grpcPort);
});
afterAll(async () => {
  client[Symbol.dispose]();
  await server.stop();
});

/** Awaits for as many milliseconds as its first element says, or until it is told to stop. */
const WAITING = `
export const execution = "inline";
export const concurrency = 1000;
export const predict = (_model, { x }, ctx) => new Promise((resolve, reject) => {
  globalThis.grpcStarted = (globalThis.grpcStarted ?? 0) + 1;
  const timer = setTimeout(() => resolve(x), x.data[0]);
  ctx.signal.addEventListener("abort", () => {
    clearTimeout(timer);
    globalThis.grpcAborted = (globalThis.grpcAborted ?? 0) + 1;
    reject(ctx.signal.reason);
  });
});
`;

const counter = (name: string) => (globalThis as unknown as Record<string, number | undefined>)[name] ?? 0;

function request(values: readonly number[]) {
  return {
    model_name: "m",
    inputs: [{ name: "x", datatype: "FP32", shape: [values.length], contents: { fp32_contents: values } }],
  };
}

function rawRequest(values: Float32Array) {
  return {
    model_name: "m",
    inputs: [{ name: "x", datatype: "FP32", shape: [values.length] }],
    raw_input_contents: [Buffer.from(values.buffer)],
  };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10_000; !(await condition()); await sleep(10)) {
    if (Date.now() > end) throw new Error("it does not come true");
  }
}

async function metrics({ url }: TestServer): Promise<string> {
  return (await fetch(`${url}/metrics`)).text();
}

describe("a deadline", () => {
  it("is DEADLINE_EXCEEDED, and aborts the work", async () => {
    await using waiting = await servePredictor(WAITING);
    using other = new TestClient(waiting.grpcPort);
    await other.call("ServerLive", {});
    const [started, aborted] = [counter("grpcStarted"), counter("grpcAborted")];
    const call = other.call("ModelInfer", request([60_000]), { deadlineMs: 2_000 });
    await until(() => counter("grpcStarted") > started);
    expect((await call).status.code).toBe(4);
    await until(() => counter("grpcAborted") > aborted);
  });

  it("is the server's where the client has none, with the server's words", async () => {
    await using waiting = await servePredictor(WAITING, { options: { requestTimeoutMs: 80 } });
    using other = new TestClient(waiting.grpcPort);
    const { error } = await other.call("ModelInfer", request([60_000]));
    expect([error?.code, error?.details]).toEqual([4, "The request took longer than 80 ms."]);
    expect(await metrics(waiting)).toContain('protocol="grpc-v2",verb="predict",status="504"} 1');
  });

  it("that is far away does nothing", async () => {
    expect((await client.call("ModelInfer", request([1]), { deadlineMs: 30_000 })).status.code).toBe(0);
  });
});

describe("a client that cancels", () => {
  it("aborts the predictor's signal, and is counted as 499", async () => {
    await using waiting = await servePredictor(WAITING);
    using other = new TestClient(waiting.grpcPort);
    const [started, aborted] = [counter("grpcStarted"), counter("grpcAborted")];
    const cancel = new AbortController();
    const call = other.call("ModelInfer", request([60_000]), { signal: cancel.signal });
    await until(() => counter("grpcStarted") > started);
    expect(await metrics(waiting)).toContain('kserve_ts_in_flight_requests{model_name="m"} 1');
    cancel.abort();
    expect((await call).status.code).toBe(1);
    await until(() => counter("grpcAborted") > aborted);
    const text = await metrics(waiting);
    expect(text).toContain('protocol="grpc-v2",verb="predict",status="499"} 1');
    expect(text).toContain('kserve_ts_in_flight_requests{model_name="m"} 0');
  });
});

describe("compression", () => {
  it.each([
    ["deflate", 1],
    ["gzip", 2],
  ])("by %s goes both ways", async (_name, algorithm) => {
    using zipping = new TestClient(server.grpcPort, {
      "grpc.default_compression_algorithm": algorithm as 1 | 2,
    });
    const values = new Float32Array(50_000).fill(0.25);
    const answer = await zipping.infer(rawRequest(values));
    expect((answer["raw_output_contents"] as Buffer[])[0]?.equals(Buffer.from(values.buffer))).toBe(true);
    expect((await zipping.call("ServerLive", {})).answer).toEqual({ live: true });
  });

  it("does not let a message beyond the limit through", async () => {
    using zipping = new TestClient(server.grpcPort, { "grpc.default_compression_algorithm": 2 });
    const { error } = await zipping.call("ModelInfer", rawRequest(new Float32Array(2_200_000)));
    expect(error?.code).toBe(8);
    expect(error?.details).toBe("SERVER: Received message larger than max (8388609 vs. 8388608)");
  });
});

describe("a large message", () => {
  it("goes through up to the limit, whole", async () => {
    const values = Float32Array.from({ length: 2_000_000 }, (_, index) => index);
    const answer = await client.infer(rawRequest(values));
    expect((answer["raw_output_contents"] as Buffer[])[0]?.equals(Buffer.from(values.buffer))).toBe(true);
  });

  it("above the limit is RESOURCE_EXHAUSTED in KServe's words, and the connection stays", async () => {
    const { error } = await client.call("ModelInfer", rawRequest(new Float32Array(3_000_000)));
    expect(error?.code).toBe(8);
    expect(error?.details).toMatch(/^SERVER: Received message larger than max \(120000\d\d vs\. 8388608\)$/);
    expect((await client.call("ServerLive", {})).answer).toEqual({ live: true });
  });

  it("as an answer above the limit is RESOURCE_EXHAUSTED", async () => {
    await using small = await servePredictor(ECHO, { options: { grpcMaxSendBytes: 1000 } });
    using other = new TestClient(small.grpcPort);
    const { error } = await other.call("ModelInfer", rawRequest(new Float32Array(300)));
    expect(error?.code).toBe(8);
    expect(error?.details).toMatch(/^SERVER: Sent message larger than max \(\d+ vs\. 1000\)$/);
  });
});

describe("many calls", () => {
  it("at once on one connection get each their own answer", async () => {
    const calls = Array.from({ length: 100 }, async (_, index) => {
      const values = Float32Array.from({ length: 1 + index * 37 }, (_unused, at) => index * 1000 + at);
      const answer = await client.infer({ ...rawRequest(values), id: String(index) });
      expect(answer["id"]).toBe(String(index));
      expect((answer["raw_output_contents"] as Buffer[])[0]?.equals(Buffer.from(values.buffer))).toBe(true);
    });
    await Promise.all(calls);
  });

  it("of which some are cancelled while they are sent leave the others alone", async () => {
    const values = Float32Array.from({ length: 200_000 }, (_, index) => index);
    const expected = Buffer.from(values.buffer);
    const calls = Array.from({ length: 40 }, async (_, index) => {
      const cancel = new AbortController();
      if (index % 3 === 0) setTimeout(() => cancel.abort(), index % 7);
      const { status, answer } = await client.call("ModelInfer", rawRequest(values), {
        signal: cancel.signal,
      });
      if (status.code === 0)
        expect((answer["raw_output_contents"] as Buffer[])[0]?.equals(expected)).toBe(true);
      return status.code;
    });
    const codes = await Promise.all(calls);
    expect(codes.filter((code) => code !== 0 && code !== 1)).toEqual([]);
    expect(codes.filter((code) => code === 0).length).toBeGreaterThanOrEqual(26);
  });

  it("beyond what may wait are RESOURCE_EXHAUSTED, and say when to come back", async () => {
    await using busy = await servePredictor(
      `export const predict = (_model, { x }) => { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300); return x; };`,
      { options: { maxQueueSize: 1 } },
    );
    using other = new TestClient(busy.grpcPort);
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, () => other.call("ModelInfer", request([1]))),
    );
    const refused = outcomes.filter(({ status }) => status.code !== 0);
    expect(refused.length).toBeGreaterThan(0);
    for (const { status } of refused) {
      expect(status.code).toBe(8);
      expect(Number(status.metadata.get("grpc-retry-pushback-ms")[0])).toBeGreaterThan(0);
    }
  });
});

describe("the metrics", () => {
  it("count calls by their protocol", async () => {
    await using counted = await servePredictor(ECHO);
    using other = new TestClient(counted.grpcPort);
    await other.infer(request([1]));
    await other.call("ModelInfer", { model_name: "m" });
    const text = await metrics(counted);
    expect(text).toContain('protocol="grpc-v2",verb="predict",status="200"} 1');
    expect(text).toContain('protocol="grpc-v2",verb="predict",status="400"} 1');
  });
});
