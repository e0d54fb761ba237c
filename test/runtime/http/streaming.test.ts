import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ECHO, type TestServer, postJson, predictorFolder, serveFolder, servePredictor } from "../serving.ts";
import {
  MORTAL,
  events,
  metrics,
  release,
  serveCounting,
  takeEvents,
  until,
  untilStalled,
} from "../streams.ts";
import { EventClient } from "./event-client.ts";
import { RawClient, post } from "./raw-client.ts";

const V1 = "/v1/models/m:predict";
const V2 = "/v2/models/m";

/** Counts up to so many, over V1. */
function v1(count: number, parameters: Readonly<Record<string, unknown>> = {}) {
  return { instances: [count], ...parameters };
}

function v2(count: number, parameters: Readonly<Record<string, unknown>> = {}) {
  return { id: "seven", inputs: [{ name: "n", datatype: "INT32", shape: [1], data: [count] }], parameters };
}

let server: TestServer;
beforeAll(async () => {
  server = await serveCounting({ enableLatencyLogging: true });
});
afterAll(() => server.stop());
beforeEach(() => takeEvents());

describe("a stream of events", () => {
  it("has one event for each answer, with the body of a plain answer, and headers that keep it moving", async () => {
    using client = await EventClient.post(server, V1, v1(3), {
      accept: "application/json, text/event-stream",
      "accept-encoding": "gzip, br",
      "x-request-id": "abc",
    });
    const { statusCode, headers } = client.answer;
    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
      "transfer-encoding": "chunked",
      "x-request-id": "abc",
    });
    expect(headers["content-encoding"]).toBeUndefined();
    expect(await client.text()).toBe(
      'data: {"predictions":[0]}\n\ndata: {"predictions":[1]}\n\ndata: {"predictions":[2]}\n\n',
    );
    const line = server.log.map((text) => JSON.parse(text)).find(({ requestId }) => requestId === "abc");
    expect(line).toMatchObject({ msg: "request", model: "m", predict_ms: expect.any(Number) });
  });

  it.each(["/infer", "/infer_stream"])("over V2 is asked for at %s, its answers in order", async (end) => {
    using client = await EventClient.post(server, V2 + end, v2(50));
    const { data } = await client.rest();
    expect(data).toHaveLength(50);
    expect(data).toEqual(
      data.map((_, at) => ({
        model_name: "m",
        model_version: null,
        id: "seven",
        parameters: null,
        outputs: [{ name: "output-0", shape: [1], datatype: "INT64", parameters: null, data: [at] }],
      })),
    );
  });

  it("comes from /infer_stream whatever the client accepts, each answer with the same id", async () => {
    const { id: _id, ...request } = v2(3);
    using client = await EventClient.post(server, `${V2}/infer_stream`, request, { "x-request-id": "abc" });
    expect(client.answer.headers["content-type"]).toBe("text/event-stream");
    const { data } = (await client.rest()) as { data: { id: string }[] };
    expect(new Set(data.map(({ id }) => id)).size).toBe(1);
  });

  it("gives each answer as it comes, and not at the end", async () => {
    using client = await EventClient.post(server, V1, v1(1, { held: true }));
    expect(await client.next()).toEqual({ event: "message", data: '{"predictions":[0]}' });
    expect(takeEvents()).toEqual([0]);
    release();
    expect(await client.next()).toBeUndefined();
  });

  it("of no answers is empty", async () => {
    using client = await EventClient.post(server, V1, v1(0));
    expect([client.answer.statusCode, await client.text()]).toEqual([200, ""]);
  });

  it("leaves the connection for the next request", async () => {
    using client = await RawClient.connect(server.port);
    await client.send(post(V1, JSON.stringify(v1(1)), { Accept: "text/event-stream" }));
    await client.send(post(V1, JSON.stringify(v1(2)), { Connection: "close" }));
    const text = await client.closed();
    expect(text).toContain('data: {"predictions":[0]}\n\n');
    expect(text.endsWith('{"predictions":[[0],[1]]}')).toBe(true);
  });

  it("has texts as they are, line by line", async () => {
    await using texts = await servePredictor(`
      export const execution = "inline";
      export async function* predict() { yield "one"; yield " two\\nthree\\r\\n"; yield new Uint8Array([52]); yield ""; }
    `);
    using client = await EventClient.post(texts, V1, v1(1));
    expect(await client.text()).toBe("data: one\n\ndata:  two\ndata: three\ndata: \n\ndata: 4\n\ndata: \n\n");
  });

  it("whose answer is no text ends with an error", async () => {
    await using bytes = await servePredictor(`
      export const execution = "inline";
      export async function* predict() { yield "one"; yield new Uint8Array([255]); }
    `);
    using client = await EventClient.post(bytes, V1, v1(1));
    expect((await client.next())?.data).toBe("one");
    expect((await client.rest()).error).toEqual({ error: expect.stringContaining("bytes that are none") });
  });

  it("of a structured event has events as its data", async () => {
    const event = { specversion: "1.0", id: "1", source: "s", type: "t", data: v1(2) };
    using client = await EventClient.post(server, V1, event, {
      accept: "text/event-stream",
      "content-type": "application/cloudevents+json",
    });
    const { data } = await client.rest();
    expect(data).toMatchObject([
      { specversion: "1.0", type: "io.kserve.inference.response", data: { predictions: [0] } },
      { specversion: "1.0", data: { predictions: [1] } },
    ]);
  });

  it("is many at once, each with its own answers", async () => {
    const counts = Array.from({ length: 40 }, (_, at) => at);
    await Promise.all(
      counts.map(async (count) => {
        using client = await EventClient.post(server, V1, v1(count));
        expect((await client.rest()).data).toHaveLength(count);
      }),
    );
  });
});

describe("a plain request", () => {
  it.each([undefined, "*/*", "application/json", "text/event-stream;q=0, */*"])(
    "that accepts %s has all answers of a stream as one",
    async (accept) => {
      const headers: Record<string, string> = accept === undefined ? {} : { accept };
      const { body } = await postJson(server, V1, v1(3), headers);
      expect(body).toEqual({ predictions: [[0], [1], [2]] });
    },
  );

  it("of a predictor with one answer is a stream of that, where a stream is asked for", async () => {
    await using echo = await servePredictor(ECHO);
    using client = await EventClient.post(echo, V1, { instances: [1, "zwei"] });
    expect((await client.rest()).data).toEqual([{ predictions: [1, "zwei"] }]);
  });
});

describe("a failure", () => {
  it("before the first answer is a plain one", async () => {
    const { status, headers, body } = await postJson(server, V1, v1(3, { failAt: 0 }), {
      accept: "text/event-stream",
    });
    expect([status, headers.get("content-type")]).toEqual([500, "application/json"]);
    expect(body).toEqual({ error: "RangeError : no 0" });
  });

  it.each([
    [V1, v1(1.5), 400],
    ["/v1/models/none:predict", v1(1), 404],
    [`${V2}/infer_stream`, { inputs: [] }, 400],
    [`${V2}/versions/1/infer_stream`, v2(1), 501],
    [`${V2}/infer_stream`, v2(1, { binary_data_output: true }), 400],
    [`${V2}/infer`, { ...v2(1), outputs: [{ name: "a", parameters: { binary_data: true } }] }, 400],
  ])("of the request itself is a plain one: %s %j", async (path, request, expected) => {
    const { status, body } = await postJson(server, path, request, { accept: "text/event-stream" });
    expect([status, body]).toEqual([expected, { error: expect.any(String) }]);
  });

  it("after some answers is an event, and the last", async () => {
    await using failing = await serveCounting();
    using client = await EventClient.post(failing, V1, v1(5, { failAt: 2 }));
    expect(await client.rest()).toEqual({
      data: [{ predictions: [0] }, { predictions: [1] }],
      error: { error: "RangeError : no 2" },
    });
    expect(await metrics(failing)).toContain('protocol="v1",verb="predict",status="500"} 1');
    expect(failing.log.some((line) => line.includes("no 2"))).toBe(true);
  });

  it("is the deadline's where the last answer is late, and ends the predictor", async () => {
    await using slow = await serveCounting({ requestTimeoutMs: 200 });
    using client = await EventClient.post(slow, V1, v1(2, { gated: true }));
    expect(await client.rest()).toEqual({
      data: [{ predictions: [0] }, { predictions: [1] }],
      error: { error: "The request took longer than 200 ms." },
    });
    await until(() => events().includes("finally"));
    expect(takeEvents()).toEqual([0, 1, "abort", "finally"]);
    expect(await metrics(slow)).toContain('protocol="v1",verb="predict",status="504"} 1');
  });

  it("is told by the stream whose worker dies, and the next is answered", async () => {
    await using folder = await predictorFolder(MORTAL);
    await using mortal = await serveFolder(folder.path, { options: { workers: 1 } });
    using client = await EventClient.post(mortal, V1, v1(5, { exitAt: 2 }));
    const { data, error } = await client.rest();
    expect(data).toEqual([{ predictions: [0] }, { predictions: [1] }]);
    expect(error).toEqual({ error: expect.stringContaining("worker died") });
    using next = await EventClient.post(mortal, V1, v1(3));
    expect((await next.rest()).data).toHaveLength(3);
  });
});

describe("a client", () => {
  it("that leaves ends the predictor, and is counted as 499", async () => {
    await using left = await serveCounting();
    using client = await EventClient.post(left, V1, v1(1, { gated: true }));
    await client.next();
    expect(await metrics(left)).toContain('kserve_ts_in_flight_requests{model_name="m"} 1');
    client.leave();
    await until(() => events().includes("finally"));
    expect(takeEvents()).toEqual([0, "abort", "finally"]);
    const text = await metrics(left);
    expect(text).toContain('protocol="v1",verb="predict",status="499"} 1');
    expect(text).toContain('kserve_ts_in_flight_requests{model_name="m"} 0');
  });

  it("that reads slowly is waited for, and has all in the end", async () => {
    const count = 600;
    using client = await EventClient.post(server, V1, v1(count, { size: 65_536 }));
    await client.next();
    await untilStalled();
    expect(events().length).toBeLessThan(count / 2);
    let read = 1;
    for (; (await client.next()) !== undefined; read++);
    expect(read).toBe(count);
    expect(events()).toHaveLength(count + 1);
  });

  it("that reads no more and leaves ends the predictor", async () => {
    using client = await EventClient.post(server, V1, v1(600, { size: 65_536 }));
    await client.next();
    await untilStalled();
    client.leave();
    await until(() => events().includes("finally"));
    expect(events().length).toBeLessThan(300);
  });
});

describe("a server that stops", () => {
  it("lets a stream end, and does not wait for its connection", async () => {
    const stopped = await serveCounting({ gracePeriodMs: 60_000 });
    using client = await EventClient.post(stopped, V1, v1(2, { held: true }));
    await client.next();
    const stopping = stopped.stop();
    setTimeout(release, 300);
    expect(await client.rest()).toEqual({ data: [{ predictions: [1] }], error: undefined });
    await stopping;
  });

  it("cuts a stream that is still there after the grace period, and ends the predictor", async () => {
    const stopped = await serveCounting({ gracePeriodMs: 300 });
    using client = await EventClient.post(stopped, V1, v1(1, { gated: true }));
    await client.next();
    const rest = expect(client.rest()).rejects.toThrow();
    await stopped.stop();
    await rest;
    await until(() => events().includes("finally"));
  });
});

describe("generated text", () => {
  const GENERATOR = `
    export const execution = "inline";
    export const inputs = [{ name: "prompt", datatype: "BYTES", shape: [-1, 1] }];
    export async function* predict(_model, { prompt }, ctx) {
      const words = Buffer.from(prompt.data[0]).toString().split(" ").slice(0, ctx.parameters.max_tokens);
      for (const word of words) yield { token: word + (ctx.parameters.stop?.[0] ?? "-") };
    }
  `;
  const ask = { text_input: "ein zwei drei", parameters: { max_tokens: 2, stop: ["\n"] } };

  it("is one answer at /generate, and pieces at /generate_stream", async () => {
    await using generator = await servePredictor(GENERATOR);
    const { body } = await postJson(generator, `${V2}/generate`, ask, { accept: "text/event-stream" });
    expect(body).toEqual({ text_output: "ein\nzwei\n", model_name: "m" });
    using client = await EventClient.post(generator, `${V2}/generate_stream`, ask, {});
    expect((await client.rest()).data).toEqual([
      { text_output: "ein\n", model_name: "m", done: false },
      { text_output: "zwei\n", model_name: "m", done: false },
      { text_output: "", model_name: "m", done: true },
    ]);
    const { body: flat } = await postJson(generator, `${V2}/generate`, { text_input: "a b", max_tokens: 1 });
    expect(flat).toMatchObject({ text_output: "a-" });
    expect(await metrics(generator)).toContain('protocol="v2",verb="predict",status="200"} 3');
  });

  it("comes from the output text_output, of what was sent as text_input, where there are several", async () => {
    await using several = await servePredictor(`
      export const execution = "inline";
      export const inputs = ["other", "text_input"].map((name) => (
        { name, datatype: "BYTES", shape: [1], optional: name === "other" }));
      export const outputs = ["other", "text_output"].map((name) => ({ name, datatype: "BYTES", shape: [1] }));
      export const predict = (_model, { text_input }) => ({ other: ["no"], text_output: text_input });
    `);
    const { body } = await postJson(several, `${V2}/generate`, { text_input: "grün" });
    expect(body).toEqual({ text_output: "grün", model_name: "m" });
  });

  it("may come from a predictor without a signature", async () => {
    await using echo = await servePredictor(ECHO);
    const { paths } = (await (await fetch(`${echo.url}/openapi.json`)).json()) as { paths: object };
    expect(paths).toHaveProperty(`${V2}/generate_stream`);
    expect((await postJson(echo, `${V2}/generate`, { text_input: "a" })).body).toMatchObject({
      text_output: "a",
    });
  });

  it("is refused of a model that takes or gives none", async () => {
    const { status, body } = await postJson(server, `${V2}/generate`, { text_input: "a" });
    expect([status, body]).toEqual([400, { error: expect.stringContaining("the model takes no text") }]);
    await using numbers = await servePredictor(
      'export const execution = "inline"; export const predict = () => [1];',
    );
    const answer = await postJson(numbers, `${V2}/generate`, { text_input: "a" });
    expect([answer.status, answer.body]).toEqual([
      500,
      { error: expect.stringContaining("has no generated text") },
    ]);
  });

  it.each([
    [{}, "text_input: expected a string"],
    [{ text_input: 1 }, "text_input: expected a string"],
    [{ text_input: "a", parameters: [] }, "parameters: expected a JSON object"],
    [[], "expected a JSON object"],
  ])("is refused for %j", async (request, message) => {
    const { status, body } = await postJson(server, `${V2}/generate`, request);
    expect([status, body]).toEqual([400, { error: expect.stringContaining(message) }]);
  });

  it.each(["infer_stream", "generate", "generate_stream"])("at /%s is asked for by POST", async (end) => {
    const answer = await fetch(`${server.url}${V2}/versions/1/${end}`);
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"]);
    await answer.text();
  });
});
