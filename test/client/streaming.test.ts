import type { ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { InferenceClient } from "../../client/index.ts";
import { tensor } from "../../contract/index.ts";
import { answering, failureOf, handling, handlingSockets } from "./fixed-server.ts";
import { all, untilFailure } from "./reading.ts";

const X = tensor("FP32", [1], [1]);

function events(res: ServerResponse): ServerResponse {
  return res.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
}

const sending = (text: string) =>
  answering(() => ({ headers: { "content-type": "text/event-stream" }, body: text }));

describe("a request for a stream", () => {
  it("is sent when the first answer is asked for", async () => {
    await using server = await sending("");
    using client = new InferenceClient(server.url, { headers: { authorization: "me" } });
    const stream = client.predictStream("m", [1], { parameters: { n: 2 }, requestId: "r" });
    await client.live();
    expect(server.seen.map(({ method }) => method)).toEqual(["GET"]);
    expect(await all(stream)).toEqual([]);
    expect(server.seen[1]).toMatchObject({
      method: "POST",
      url: "/v1/models/m:predict",
      headers: { accept: "text/event-stream", authorization: "me", "x-request-id": "r" },
    });
    expect(JSON.parse(String(server.seen[1]?.body))).toEqual({ instances: [1], n: 2 });
  });

  it("of V2 asks for no binary answers, whether its own tensors are or not", async () => {
    await using server = await sending("");
    using client = new InferenceClient(server.url);
    await all(client.inferStream("m", { x: X }, { version: "3", outputs: ["y"] }));
    await all(client.inferStream("m", { x: X }, { binary: false }));
    const [binary, json] = server.seen;
    expect(binary?.url).toBe("/v2/models/m/versions/3/infer_stream");
    const length = Number(binary?.headers["inference-header-content-length"]);
    expect(JSON.parse(String(binary?.body.subarray(0, length)))).toEqual({
      inputs: [{ name: "x", datatype: "FP32", shape: [1], parameters: { binary_data_size: 4 } }],
      outputs: [{ name: "y" }],
    });
    expect(JSON.parse(String(json?.body))).toEqual({
      inputs: [{ name: "x", datatype: "FP32", shape: [1], data: [1] }],
    });
  });

  it("for text asks generate's routes", async () => {
    await using server = await answering(({ url }) =>
      url.endsWith("_stream")
        ? { headers: { "content-type": "text/event-stream" }, body: 'data: {"text_output":"a"}\n\n' }
        : { body: '{"text_output":"whole","model_name":"m"}' },
    );
    using client = new InferenceClient(server.url);
    expect(await client.generate("m", "hi", { parameters: { stop: ["."] }, version: "2" })).toBe("whole");
    expect(await all(client.generateStream("m", "hi"))).toEqual(["a"]);
    expect(server.seen.map(({ url, body }) => [url, JSON.parse(String(body))])).toEqual([
      ["/v2/models/m/versions/2/generate", { text_input: "hi", parameters: { stop: ["."] } }],
      ["/v2/models/m/generate_stream", { text_input: "hi" }],
    ]);
  });

  it("says what cannot be sent, before anything is", async () => {
    await using server = await sending("");
    using client = new InferenceClient(server.url);
    for (const [stream, path] of [
      [client.predictStream("m", 1 as never), "instances"],
      [client.inferStream("m", { x: [1] as never }), "inputs.x"],
      [client.generateStream("m", 1 as never), "textInput"],
      [client.generateStream("m", "x", { parameters: { a: NaN } }), "parameters.a"],
      [client.predictStream("..", [1]), "name"],
    ] as const) {
      expect(await failureOf(all<unknown>(stream))).toMatchObject({ code: "KTS_INVALID_INPUT", path });
    }
    expect(server.seen).toEqual([]);
  });
});

describe("an answer of a stream", () => {
  it("is there before the next is sent", async () => {
    let next: (() => void) | undefined;
    await using server = await handling((_request, res) => {
      let at = 0;
      events(res);
      next = () => res.write(`data: {"predictions":[${at++}]}\n\n`);
      next();
    });
    using client = new InferenceClient(server.url);
    const seen: unknown[] = [];
    for await (const answer of client.predictStream<number[]>("m", [1])) {
      seen.push(answer);
      if (answer[0] === 3) break;
      next?.();
    }
    expect(seen).toEqual([[0], [1], [2], [3]]);
  });

  it("of V1 is its predictions, a whole object, or a text", async () => {
    await using server = await sending(
      'data: {"predictions":[9007199254740993]}\n\ndata: {"a":1}\n\ndata: {"no json\n\ndata: zwölf\ndata: !\n\ndata: 5\n\n',
    );
    using client = new InferenceClient(server.url);
    expect(await all(client.predictStream("m", [1]))).toEqual([
      [9_007_199_254_740_993n],
      { a: 1 },
      '{"no json',
      "zwölf\n!",
      "5",
    ]);
  });

  it("of V2 has tensors", async () => {
    const data = {
      model_name: "m",
      id: "7",
      outputs: [{ name: "y", datatype: "FP32", shape: [2], data: [1, null] }],
    };
    await using server = await sending(`data: ${JSON.stringify(data)}\n\n`);
    using client = new InferenceClient(server.url);
    expect(await all(client.inferStream("m", { x: X }))).toEqual([
      {
        modelName: "m",
        modelVersion: undefined,
        id: "7",
        parameters: {},
        outputs: { y: tensor("FP32", [2], [1, NaN]) },
      },
    ]);
  });

  it("of text is a piece, of which the last may only say that it is", async () => {
    await using server = await sending(
      'data: {"text_output":"a","done":false}\n\ndata: {"text_output":"","done":false}\n\ndata: {"text_output":"","done":true}\n\n',
    );
    using client = new InferenceClient(server.url);
    expect(await all(client.generateStream("m", "x"))).toEqual(["a", ""]);
  });

  it("is the only one, where the server answers without a stream", async () => {
    await using server = await answering(({ url }) => ({
      body: url.includes("v1")
        ? '{"predictions":[1]}'
        : url.includes("generate")
          ? '{"text_output":"t"}'
          : '{"model_name":"m","outputs":[]}',
    }));
    using client = new InferenceClient(server.url);
    expect(await all(client.predictStream("m", [1]))).toEqual([[1]]);
    expect((await all(client.inferStream("m", { x: X }))).map(({ modelName }) => modelName)).toEqual(["m"]);
    expect(await all(client.generateStream("m", "x"))).toEqual(["t"]);
  });
});

describe("a stream fails", () => {
  it.each([
    [
      "an event says so",
      'event: error\ndata: {"error":"no  more"}\n\n',
      { status: 500, grpcStatus: 2, message: "The server failed within its stream: no more" },
    ],
    [
      "an event of V2 is nothing but an error",
      'data: {"error":"no more"}\n\n',
      { status: 500, message: "The server failed within its stream: no more" },
    ],
    ["an event is no answer", "data: hello\n\n", { status: 502 }],
    [
      "it ends within an event",
      'data: {"model_name":"m","outputs":[]}\n',
      { status: 502, message: expect.stringContaining("ends within an event") as string },
    ],
  ])("when %s, behind the answers that came", async (_when, text, failure) => {
    await using server = await sending(`data: {"model_name":"m","outputs":[]}\n\n${text}`);
    using client = new InferenceClient(server.url);
    const ended = await untilFailure(client.inferStream("m", { x: X }));
    expect(ended.answers).toHaveLength(1);
    expect(ended.failure).toMatchObject({ code: "KTS_SERVER_ANSWERED", ...failure });
  });

  it("with the status of an answer that is none", async () => {
    await using server = await answering(() => ({
      status: 429,
      headers: { "retry-after": "7" },
      body: '{"error":"full"}',
    }));
    using client = new InferenceClient(server.url);
    expect(await failureOf(all(client.predictStream("m", [1])))).toMatchObject({
      status: 429,
      retryAfterSeconds: 7,
      message: "The server answered 429: full",
    });
  });

  it("when its connection breaks, before the head or behind an answer", async () => {
    await using server = await handling((_request, res) => {
      if (server.seen.length === 1) return res.destroy();
      events(res).write("data: x\n\n", () => res.destroy());
    });
    using client = new InferenceClient(server.url, { retries: 3 });
    const broken = { code: "KTS_SERVER_UNREACHABLE", message: expect.stringContaining("broke") as string };
    expect(await untilFailure(client.predictStream("m", [1]))).toEqual({
      answers: [],
      failure: expect.objectContaining(broken) as Error,
    });
    expect(await untilFailure(client.predictStream("m", [1]))).toEqual({
      answers: ["x"],
      failure: expect.objectContaining(broken) as Error,
    });
    expect(server.seen).toHaveLength(2);
  });

  it("when an answer is larger than maxAnswerBytes, however much has come in all", async () => {
    const small = `data: ${"x".repeat(500)}\n\n`;
    await using server = await sending(small.repeat(10) + `data: ${"x".repeat(2_000)}\n\n`);
    using client = new InferenceClient(server.url, { maxAnswerBytes: 1_000 });
    const { answers, failure } = await untilFailure(client.predictStream("m", [1]));
    expect(answers.length).toBeLessThanOrEqual(10);
    expect(failure).toMatchObject({ message: "The server's answer is larger than 1000 bytes." });
  });

  it("when its deadline passes, its signal is aborted or its client closed, and the server sees it", async () => {
    let left = 0;
    await using server = await handling((_request, res) => {
      res.on("close", () => left++);
      events(res).write("data: x\n\n");
    });
    const client = new InferenceClient(server.url);
    const late = await untilFailure(client.predictStream("m", [1], { timeoutMs: 2_000 }));
    expect(late).toMatchObject({ answers: ["x"], failure: { code: "KTS_DEADLINE_EXCEEDED" } });

    const controller = new AbortController();
    const seen: unknown[] = [];
    const reason = await failureOf(
      (async () => {
        for await (const answer of client.predictStream("m", [1], { signal: controller.signal })) {
          seen.push(answer);
          controller.abort(new Error("enough"));
        }
      })(),
    );
    expect({ seen, reason: reason.message }).toEqual({ seen: ["x"], reason: "enough" });
    expect(await failureOf(all(client.predictStream("m", [1], { signal: controller.signal })))).toBe(reason);

    const closed = untilFailure(client.predictStream("m", [1]));
    while (server.seen.length < 3) await new Promise((resolve) => setImmediate(resolve));
    client.close();
    expect(await closed).toMatchObject({ failure: { code: "KTS_CANCELLED" } });
    while (left < 3) await new Promise((resolve) => setImmediate(resolve));
  });
});

describe("leaving a stream", () => {
  it("closes its connection, whatever the server goes on to send", async () => {
    let closed = 0;
    await using server = await handling((_request, res) => {
      const timer = setInterval(() => res.write("data: x\n\n"), 1);
      res.on("close", () => {
        clearInterval(timer);
        closed++;
      });
      events(res);
    });
    using client = new InferenceClient(server.url);
    for await (const answer of client.predictStream("m", [1])) {
      expect(answer).toBe("x");
      break;
    }
    const stream = client.predictStream("m", [1]);
    await stream.next();
    await stream.return();
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    while (closed < 2) await new Promise((resolve) => setImmediate(resolve));
  });

  it("at its end keeps the connection for the next call", async () => {
    await using server = await sending("data: x\n\n");
    using client = new InferenceClient(server.url);
    for (let time = 0; time < 3; time++) expect(await all(client.predictStream("m", [1]))).toEqual(["x"]);
    expect(server.connections).toBe(1);
  });
});

describe("trying again", () => {
  it("goes on until the stream has begun, and no longer", async () => {
    await using server = await answering(() =>
      server.seen.length < 3
        ? { status: 429, headers: { "retry-after": "0" } }
        : {
            headers: { "content-type": "text/event-stream" },
            body: 'data: x\n\nevent: error\ndata: {"error":"no"}\n\n',
          },
    );
    using client = new InferenceClient(server.url, { retries: 5, idempotent: true });
    expect(await untilFailure(client.predictStream("m", [1]))).toMatchObject({
      answers: ["x"],
      failure: { status: 500 },
    });
    expect(server.seen).toHaveLength(3);
  });
});

describe("a slow reader", () => {
  it("holds the server back, and misses nothing", async () => {
    const event = `data: ${"x".repeat(1_000)}\n\n`;
    const count = 20_000;
    let written = 0;
    await using server = await handlingSockets((socket) => {
      socket.once("data", () => {
        const head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
        socket.write(head);
        const go = (): void => {
          while (written < count) {
            written++;
            if (!socket.write(event)) return void socket.once("drain", go);
          }
          socket.end();
        };
        go();
      });
    });
    using client = new InferenceClient(server.url);
    let read = 0;
    for await (const answer of client.predictStream<string>("m", [1])) {
      expect(answer).toHaveLength(1_000);
      if (read++ > 0) continue;
      // Until nothing more is taken.
      for (let before = -1; before !== written;) {
        before = written;
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      expect(written).toBeLessThan(count);
    }
    expect(read).toBe(count);
  });
});

describe("a server without streams of V2", () => {
  it("is asked for its one answer", async () => {
    await using server = await answering(({ url }) =>
      url === "/v2/models/m/infer"
        ? { body: '{"model_name":"m","outputs":[]}' }
        : { status: 404, body: '{"detail":"Not Found"}' },
    );
    using client = new InferenceClient(server.url);
    expect(await all(client.inferStream("m", { x: X }))).toHaveLength(1);
    expect(server.seen.map(({ url }) => url)).toEqual(["/v2/models/m/infer_stream", "/v2/models/m/infer"]);
    expect(await failureOf(all(client.inferStream("other", { x: X })))).toMatchObject({ status: 404 });
  });
});

describe("any other path", () => {
  it("gives the data of its events, or its body", async () => {
    await using server = await answering(({ url }) =>
      url === "/plain"
        ? { body: "whole" }
        : { headers: { "content-type": "text/event-stream" }, body: "data: a\n\ndata: [DONE]\n\n" },
    );
    using client = new InferenceClient(`${server.url}/base`);
    expect(await all(client.sendStream("/openai/v1/chat/completions", '{"stream":true}'))).toEqual([
      "a",
      "[DONE]",
    ]);
    expect(server.seen[0]).toMatchObject({
      url: "/base/openai/v1/chat/completions",
      body: Buffer.from('{"stream":true}'),
    });
    using plain = new InferenceClient(server.url);
    expect(await all(plain.sendStream("/plain", "{}"))).toEqual(["whole"]);
    expect(await failureOf(all(plain.sendStream("plain", "{}")))).toMatchObject({ path: "path" });
  });
});
