import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ECHO, type TestServer, postJson, servePredictor } from "../serving.ts";
import { RawClient, post } from "./raw-client.ts";

const V1 = "/v1/models/m:predict";
const V2 = "/v2/models/m/infer";

let server: TestServer;
beforeAll(async () => {
  server = await servePredictor(ECHO, { options: { maxBodyBytes: 4 << 20 } });
});
afterAll(() => server.stop());

/** A V2 binary request whose JSON part has a given remainder by 8, with values to recognise. */
function binaryRequest(count: number, padding = 0) {
  const values = Float32Array.from({ length: count }, (_, index) => index * 0.5);
  const json = JSON.stringify({
    id: "i".repeat(1 + padding),
    inputs: [
      { name: "x", shape: [count], datatype: "FP32", parameters: { binary_data_size: values.byteLength } },
    ],
    outputs: [{ name: "x", parameters: { binary_data: true } }],
  });
  const body = Buffer.concat([Buffer.from(json), new Uint8Array(values.buffer)]);
  const headers = { "Inference-Header-Content-Length": String(Buffer.byteLength(json)) };
  return { values, body, headers };
}

function binaryAnswer(answer: { headers: ReadonlyMap<string, string>; body: Buffer }) {
  const length = Number(answer.headers.get("inference-header-content-length"));
  const bytes = Uint8Array.from(answer.body.subarray(length));
  return {
    json: JSON.parse(answer.body.toString("utf8", 0, length)) as Record<string, unknown>,
    values: new Float32Array(bytes.buffer),
  };
}

describe("an answer", () => {
  it("is JSON of exactly that type, with its length, on a connection that stays", async () => {
    using client = await RawClient.connect(server.port);
    await client.send(post(V1, '{"instances":[[1,2],"ä"]}'));
    const { status, headers, body } = await client.answer();
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("application/json");
    expect(headers.get("connection")).toBe("keep-alive");
    expect(headers.has("x-powered-by")).toBe(false);
    expect(String(body)).toBe('{"predictions":[[1,2],"ä"]}');
  });

  it("echoes the caller's request id, and sends none where there was none", async () => {
    const named = await postJson(server, V1, { instances: [1] }, { "x-request-id": "abc-1" });
    expect(named.headers.get("x-request-id")).toBe("abc-1");
    const unnamed = await postJson(server, V1, { instances: [1] });
    expect(unnamed.headers.has("x-request-id")).toBe(false);
  });

  it("echoes the request id on a failure too", async () => {
    const failed = await postJson(server, V1, "{", { "x-request-id": "abc-2" });
    expect(failed.status).toBe(400);
    expect(failed.headers.get("x-request-id")).toBe("abc-2");
  });

  it("has V2's members in KServe's order", async () => {
    const inputs = [{ name: "x", shape: [2], datatype: "INT64", data: [1, 2] }];
    const { status, body } = await postJson(server, V2, { id: "7", inputs });
    expect(status).toBe(200);
    expect(body).toEqual({
      model_name: "m",
      model_version: null,
      id: "7",
      parameters: null,
      outputs: [{ name: "x", shape: [2], datatype: "INT64", parameters: null, data: [1, 2] }],
    });
    expect(Object.keys(body as object)).toEqual([
      "model_name",
      "model_version",
      "id",
      "parameters",
      "outputs",
    ]);
  });

  it("has a new UUID where the V2 request has no id", async () => {
    const inputs = [{ name: "x", shape: [1], datatype: "INT32", data: [1] }];
    const answers = await Promise.all([postJson(server, V2, { inputs }), postJson(server, V2, { inputs })]);
    const ids = answers.map(({ body }) => (body as { id: string }).id);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(ids[0]).not.toBe(ids[1]);
  });

  it("is of its binary type with the length of its JSON part", async () => {
    const { values, body, headers } = binaryRequest(10);
    using client = await RawClient.connect(server.port);
    await client.send(post(V2, body, headers));
    const answer = await client.answer();
    expect(answer.headers.get("content-type")).toBe("application/octet-stream");
    expect(binaryAnswer(answer).values).toEqual(values);
  });
});

describe("a body", () => {
  it.each(["application/json; charset=utf-8", "application/x-www-form-urlencoded", "text/plain", ""])(
    "is read as JSON with the content type %j",
    async (contentType) => {
      using client = await RawClient.connect(server.port);
      const headers: Record<string, string> = contentType === "" ? {} : { "Content-Type": contentType };
      await client.send(post(V1, '{"instances":[1]}', headers));
      expect(String((await client.answer()).body)).toBe('{"predictions":[1]}');
    },
  );

  it.each([0, 1, 2, 3, 4, 5, 6, 7])(
    "has its tensors right, whatever their alignment (%i)",
    async (padding) => {
      for (const count of [3, 5_000, 40_000]) {
        const { values, body, headers } = binaryRequest(count, padding);
        using client = await RawClient.connect(server.port);
        await client.send(post(V2, body, headers));
        expect(binaryAnswer(await client.answer()).values).toEqual(values);
      }
    },
  );

  it("may come in pieces, split anywhere", async () => {
    let seed = 42;
    const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let round = 0; round < 20; round++) {
      const { values, body, headers } = binaryRequest(1 + random(60_000), random(8));
      const bytes = post(V2, body, headers);
      using client = await RawClient.connect(server.port);
      for (let at = 0; at < bytes.length;) {
        const until = at + 1 + random(round % 2 === 0 ? 90_000 : 40_000);
        await client.send(bytes.subarray(at, until));
        at = until;
      }
      expect(binaryAnswer(await client.answer()).values).toEqual(values);
    }
  });

  it("may be chunked", async () => {
    const { values, body, headers } = binaryRequest(30_000, 3);
    using client = await RawClient.connect(server.port);
    const lines = Object.entries({ ...headers, Host: "test", "Transfer-Encoding": "chunked" });
    await client.send(`POST ${V2} HTTP/1.1\r\n${lines.map(([k, v]) => `${k}: ${v}\r\n`).join("")}\r\n`);
    for (let at = 0; at < body.length; at += 33_333) {
      const part = body.subarray(at, at + 33_333);
      await client.send(
        Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n")]),
      );
    }
    await client.send("0\r\n\r\n");
    expect(binaryAnswer(await client.answer()).values).toEqual(values);
  });

  it.each([
    ["gzip", gzipSync],
    ["x-gzip", gzipSync],
    ["GZIP", gzipSync],
    ["deflate", deflateSync],
    ["deflate", deflateRawSync],
    ["br", brotliCompressSync],
    ["identity", (bytes: Buffer) => bytes],
  ] as const)("may be compressed: %s", async (coding, compress) => {
    const { values, body, headers } = binaryRequest(20_000, 5);
    using client = await RawClient.connect(server.port);
    await client.send(post(V2, compress(body), { ...headers, "Content-Encoding": coding }));
    expect(binaryAnswer(await client.answer()).values).toEqual(values);
  });

  it("that is not what its Content-Encoding says is 400", async () => {
    const { status, body } = await postJson(server, V1, '{"instances":[1]}', { "content-encoding": "gzip" });
    expect(status).toBe(400);
    expect(body).toEqual({ error: expect.stringContaining("Content-Encoding: the body is not gzip data") });
  });

  it("that is gzip without its end is 400, whatever its last bytes say", async () => {
    const whole = gzipSync('{"instances":["a small body that is not large once inflated"]}');
    for (const missing of [1, 4, 8, 20]) {
      const cut = whole.subarray(0, whole.length - missing);
      const { status, body } = await postJson(server, V1, Buffer.from(cut), { "content-encoding": "gzip" });
      expect([status, body]).toEqual([
        400,
        { error: "Content-Encoding: the body is not gzip data (unexpected end of file)" },
      ]);
    }
  });

  it("in an encoding we cannot undo is 400 and names those we can", async () => {
    using client = await RawClient.connect(server.port);
    await client.send(post(V1, "x", { "Content-Encoding": "compress" }));
    const { status, body } = await client.answer();
    expect(status).toBe(400);
    expect(String(body)).toContain("gzip, deflate, br");
  });

  it.each([
    ["too large by its length", undefined],
    ["too large once inflated", "gzip"],
  ])("that is %s is 413", async (_case, coding) => {
    const zeros = Buffer.alloc((4 << 20) + 1, "1");
    using client = await RawClient.connect(server.port);
    const bytes = coding === undefined ? zeros : gzipSync(zeros);
    void client.send(post(V1, bytes, coding === undefined ? {} : { "Content-Encoding": coding }));
    const { status, body } = await client.answer();
    expect(status).toBe(413);
    expect(String(body)).toContain("--max_body_bytes");
  });

  it("that is announced as too large is answered before it has come, and the connection closed", async () => {
    using client = await RawClient.connect(server.port);
    await client.send(`POST ${V1} HTTP/1.1\r\nHost: test\r\nContent-Length: 99999999\r\n\r\n{`);
    const { status, headers } = await client.answer();
    expect(status).toBe(413);
    expect(headers.get("connection")).toBe("close");
    await client.closed();
  });

  it("that grows too large in chunks is 413, and the client gets to read it", async () => {
    using client = await RawClient.connect(server.port);
    await client.send(`POST ${V1} HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n`);
    const part = `10000\r\n${"1".repeat(0x10000)}\r\n`;
    for (let sent = 0; sent < 80; sent++) await client.send(part);
    expect((await client.answer()).status).toBe(413);
  });

  it("is waited for only after 100 Continue, where the client asks for it", async () => {
    using client = await RawClient.connect(server.port);
    const body = '{"instances":[1]}';
    const head = `Host: test\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`;
    await client.send(`POST ${V1} HTTP/1.1\r\n${head}`);
    expect((await client.answer()).status).toBe(100);
    await client.send(body);
    expect((await client.answer()).status).toBe(200);
    await client.send(`POST /v1/models/other:predict HTTP/1.1\r\n${head}`);
    expect((await client.answer()).status).toBe(404);
    await client.closed();
  });

  it("that does not come whole is dropped, and the server serves on", async () => {
    const { body, headers } = binaryRequest(50_000);
    const bytes = post(V2, body, headers);
    for (const share of [0.1, 0.5, 0.99]) {
      using client = await RawClient.connect(server.port);
      await client.send(bytes.subarray(0, Math.floor(bytes.length * share)));
      client.abort();
    }
    expect((await postJson(server, V1, { instances: [1] })).status).toBe(200);
  });
});

describe("a connection", () => {
  it("answers pipelined requests in their order, probes among them", async () => {
    using client = await RawClient.connect(server.port);
    const probe = Buffer.from("GET /v2/health/live HTTP/1.1\r\nHost: test\r\n\r\n");
    const metadata = Buffer.from("GET /v2/models/m HTTP/1.1\r\nHost: test\r\n\r\n");
    const first = post(V1, '{"instances":["first"]}');
    const last = post(V1, '{"instances":["last"]}');
    await client.send(Buffer.concat([first, metadata, probe, last]));
    const answers = [];
    for (let count = 0; count < 4; count++) answers.push(String((await client.answer()).body));
    expect(answers).toEqual([
      '{"predictions":["first"]}',
      expect.stringContaining('"platform":"kserve-ts"'),
      '{"live":true}',
      '{"predictions":["last"]}',
    ]);
  });

  it("is kept after a failure", async () => {
    using client = await RawClient.connect(server.port);
    for (const [path, body, status] of [
      [V1, "{", 400],
      ["/v1/models/none:predict", '{"instances":[1]}', 404],
      ["/v1/models/m:explain", '{"instances":[1]}', 501],
      ["/v2/models/m/versions/1/infer", "{}", 501],
      ["/nowhere", "some body", 404],
      [V1, '{"instances":[1]}', 200],
    ] as const) {
      await client.send(post(path, body));
      expect((await client.answer()).status).toBe(status);
    }
  });
});

describe("a request's head", () => {
  it("may have the target in its absolute form", async () => {
    using client = await RawClient.connect(server.port);
    await client.send(post(`http://test:8080${V1}`, '{"instances":[1]}'));
    expect((await client.answer()).status).toBe(200);
    await client.send(post("https://test", ""));
    expect((await client.answer()).status).toBe(405);
  });

  it("needs no Host", async () => {
    using client = await RawClient.connect(server.port);
    await client.send("GET /v2/health/live HTTP/1.1\r\n\r\n");
    expect((await client.answer()).status).toBe(200);
  });

  it("is 417 when it expects what we do not know", async () => {
    using client = await RawClient.connect(server.port);
    await client.send(post(V1, "{}", { Expect: "miracles" }));
    const { status, body } = await client.answer();
    expect([status, String(body)]).toEqual([417, expect.stringContaining("100-continue")]);
  });

  it("may name the model with percent escapes", async () => {
    using client = await RawClient.connect(server.port);
    for (const path of ["/v1/models/%6D:predict", "/v1/models/m%3Apredict?a=b"]) {
      await client.send(post(path, '{"instances":[1]}'));
      expect((await client.answer()).status).toBe(200);
    }
  });
});

describe("what is not HTTP", () => {
  it.each([
    ["a header that is too large", `GET / HTTP/1.1\r\nHost: test\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431],
    ["another protocol", "HELO example.com\r\n\r\n", 400],
    ["two lengths", "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", 400],
    [
      "a length beside chunks",
      "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx",
      400,
    ],
    ["a length that is no number", "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1a\r\n\r\nx", 400],
  ])("is answered in the error's shape: %s", async (_case, bytes, status) => {
    using client = await RawClient.connect(server.port);
    await client.send(bytes);
    const answer = await client.answer();
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(JSON.parse(String(answer.body))).toEqual({ error: expect.any(String) });
    await client.closed();
  });
});
