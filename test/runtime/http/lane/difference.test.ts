import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestServer, servePredictor } from "../../serving.ts";
import { RawClient, post } from "../raw-client.ts";
import { converse, converseAfter, countNodeRequests, timeless } from "./lane-server.ts";

/*
 * The same bytes to two servers that differ only in who reads them. What comes back has to be the same, byte for byte.
 */

const V1 = "/v1/models/m:predict";
const V2 = "/v2/models/m/infer";
const ECHO = `
export const execution = "inline";
export const predict = (_model, input) => input;
`;

let lane: TestServer;
let plain: TestServer;
beforeAll(async () => {
  const options = { maxBodyBytes: 1_000_000 };
  lane = await servePredictor(ECHO, { options });
  plain = await servePredictor(ECHO, { options, fastLane: false });
});
afterAll(() => Promise.all([lane.stop(), plain.stop()]));

/** @returns what both answered, once it is the same */
async function both(ask: (port: number) => Promise<string>): Promise<string> {
  const [ours, theirs] = (await Promise.all([ask(lane.port), ask(plain.port)])).map(timeless) as [
    string,
    string,
  ];
  // node:http drops answers that are not out when it meets what it cannot read behind their requests. The lane reads a
  // request only once the one before it is answered, so here they are out.
  const last = theirs.lastIndexOf("HTTP/1.1 4");
  const [kept, refusal] = [theirs.slice(0, Math.max(last, 0)), theirs.slice(Math.max(last, 0))];
  const isRefusal = /Connection: close[^]*The request is not HTTP/.test(refusal);
  if (isRefusal && ours.startsWith(kept) && ours.endsWith(refusal)) return ours;
  expect(ours).toBe(theirs);
  return ours;
}

const bothAtOnce = (...pieces: readonly (string | Buffer)[]) => both((port) => converse(port, ...pieces));

async function answerTo(port: number, bytes: Buffer): Promise<string> {
  using client = await RawClient.connect(port);
  await client.send(bytes);
  const { status, headers, body } = await client.answer();
  return `${status}\r\n${Array.from(headers, (pair) => pair.join(": ")).join("\r\n")}\r\n\r\n${body.toString("latin1")}`;
}

const v2Body = JSON.stringify({
  id: "7",
  inputs: [{ name: "x", shape: [2], datatype: "FP32", data: [1.5, 2] }],
});
const binaryJson = JSON.stringify({
  id: "8",
  parameters: { binary_data_output: true },
  inputs: [{ name: "x", shape: [2], datatype: "FP32", parameters: { binary_data_size: 8 } }],
});
const binary = post(V2, Buffer.concat([Buffer.from(binaryJson), Buffer.alloc(8, 0x41)]), {
  "Inference-Header-Content-Length": String(binaryJson.length),
});

describe("an answer is the same on the fast lane", () => {
  it.each<[string, Buffer]>([
    ["V1", post(V1, '{"instances":[1,"two",[3]]}')],
    ["V2", post(V2, v2Body)],
    ["binary tensors", binary],
    ["text beyond Latin", post(V1, '{"instances":["日本語 ü"]}')],
    ["an id to repeat", post(V1, '{"instances":[1]}', { "X-Request-Id": "abc" })],
    [
      "an event",
      post(V1, '{"instances":[1]}', {
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-source": "s",
        "ce-type": "t",
      }),
    ],
    ["an unknown model", post("/v1/models/other:predict", '{"instances":[1]}')],
    ["no explain", post("/v1/models/m:explain", '{"instances":[1]}')],
    ["a version there is not", post("/v2/models/m/versions/4/infer", v2Body)],
    ["no JSON", post(V1, "{")],
    ["an empty body", post(V1, "")],
    ["no body, of an unknown model", post("/v1/models/other:predict", "")],
    ["a body that is no UTF-8", post(V1, Buffer.from('{"instances":["\xff"]}', "latin1"))],
    ["a wrong length of JSON", post(V2, v2Body, { "Inference-Header-Content-Length": "x" })],
    ["an encoding that is unknown", post(V1, "{}", { "Content-Encoding": "compress" })],
    ["a body that is not compressed as it says", post(V1, "{}", { "Content-Encoding": "gzip" })],
    ["a body above the limit", post(V1, Buffer.alloc(1_000_001, 0x20))],
    ["a large answer", post(V1, JSON.stringify({ instances: ["x".repeat(300_000)] }))],
  ])("%s", async (_case, bytes) => {
    expect(
      await both(async (port) => (await answerTo(port, bytes)).replace(/^(date|ce-id|ce-time): .*$/gm, "")),
    ).toMatch(/^[245]\d\d/);
  });

  it("a body above the limit, of a head that was read before with a shorter one", async () => {
    const bytes = post(V1, Buffer.alloc(1_000_001, 0x20));
    const ask = async (port: number) => {
      using client = await RawClient.connect(port);
      await client.send(post(V1, '{"instances":[1]}'));
      await client.answer();
      void client.send(bytes);
      const { status, headers, body } = await client.answer();
      return `${status} ${headers.get("connection")} ${String(body)}`;
    };
    expect(await both(ask)).toMatch(/^413 close /);
  });

  it("and the fast lane gives it", async () => {
    using node = countNodeRequests();
    const received = await converse(lane.port, post(V1, '{"instances":[1]}'), post(V2, v2Body));
    expect(received.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
    expect(node.count).toBe(0);
    await converse(plain.port, post(V1, '{"instances":[1]}'));
    expect(node.count).toBe(1);
  });
});

describe("a request that two servers may read differently is read as node:http reads it", () => {
  const LIVE = "GET /v2/health/live HTTP/1.1\r\nHost: t\r\n\r\n";
  const hot = post(V1, '{"instances":["first"]}').toString("latin1");
  const body = '{"instances":["smuggled"]}';
  const cases: readonly (readonly [string, string])[] = [
    ["two lengths", `Content-Length: ${body.length}\r\nContent-Length: 4\r\n\r\n${body}`],
    [
      "two lengths that agree",
      `Content-Length: ${body.length}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    ],
    ["a length and chunks", `Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ["chunks and a length", `Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n`],
    ["a folded line", `X: a\r\n b\r\nContent-Length: ${body.length}\r\n\r\n${body}`],
    ["a space in front of the colon", `Content-Length : ${body.length}\r\n\r\n${body}`],
    ["lone line feeds", `Content-Length: ${body.length}\n\n${body}`],
    ["a lone carriage return", `X: a\rContent-Length: 4\r\n\r\n${body}`],
    ["a zero byte", `X: a\0b\r\nContent-Length: ${body.length}\r\n\r\n${body}`],
    ["a length with spaces", `Content-Length:  ${body.length}  \r\n\r\n${body}`],
    ["a length with tabs", `Content-Length:\t${body.length}\t\r\n\r\n${body}`],
    ["a length with a sign", `Content-Length: +${body.length}\r\n\r\n${body}`],
    ["a hexadecimal length", `Content-Length: 0x5\r\n\r\n${body}`],
    ["a huge length", `Content-Length: 99999999999999999999999\r\n\r\n${body}`],
    ["a length of leading zeros", `Content-Length: 000${body.length}\r\n\r\n${body}`],
    ["a second host", `Host: u\r\nContent-Length: ${body.length}\r\n\r\n${body}`],
    ["names in any case", `cOnTeNt-LeNgTh: ${body.length}\r\n\r\n${body}`],
    ["an empty value", `X:\r\nContent-Length: ${body.length}\r\n\r\n${body}`],
    ["a trailing space in a value", `X: a \r\nContent-Length: ${body.length}\r\n\r\n${body}`],
    ["bytes beyond ASCII", `X-Request-Id: \xfc\r\nContent-Length: ${body.length}\r\n\r\n${body}`],
    ["a shorter length than its body", `Content-Length: 4\r\n\r\n${body}`],
    ["a longer length than its body", `Content-Length: 400\r\n\r\n${body}`],
  ];

  it.each(cases)("%s, as the first of a connection", async (_case, rest) => {
    await bothAtOnce(`POST ${V1} HTTP/1.1\r\nHost: t\r\n${rest}${LIVE}`);
  });

  it.each(cases)("%s, after a request of the lane", async (_case, rest) => {
    const bytes = `POST ${V1} HTTP/1.1\r\nHost: t\r\n${rest}${LIVE}`;
    await both((port) => converseAfter(port, Buffer.from(hot), bytes));
    await bothAtOnce(hot + bytes);
  });

  it.each([
    ["an absolute target", post(`http://t${V1}`, body)],
    ["no host", post(V1, body).toString("latin1").replace("Host: test\r\n", "")],
    ["HTTP/1.0", post(V1, body).toString("latin1").replace("HTTP/1.1", "HTTP/1.0")],
    ["Connection: close", post(V1, body, { Connection: "close" })],
    ["another method", post(V1, body).toString("latin1").replace("POST", "PUT")],
    ["another path", post("/v1/models/m/predict", body)],
  ])("%s, alone, first and in the middle", async (_case, bytes) => {
    await bothAtOnce(bytes);
    await bothAtOnce(bytes, LIVE);
    await bothAtOnce(
      Buffer.concat([Buffer.from(hot), Buffer.from(bytes as string, "latin1"), Buffer.from(hot)]),
    );
  });
});

describe("bytes in any number of pieces", () => {
  const request = post(V1, '{"instances":["a"]}', { "X-Request-Id": "f" });

  it("are read as they would be at once, split at every byte", async () => {
    const whole = timeless(await converse(plain.port, request));
    using node = countNodeRequests();
    for (let at = 1; at < request.length; at += 12) {
      const splits = Array.from({ length: 12 }, (_, offset) => at + offset).filter(
        (split) => split < request.length,
      );
      const answers = await Promise.all(
        splits.map((split) => converse(lane.port, request.subarray(0, split), request.subarray(split))),
      );
      for (const answer of answers) expect(timeless(answer)).toBe(whole);
    }
    expect(node.count).toBe(0);
  });

  it("are read byte for byte", async () => {
    const bytes = Buffer.concat([request, request]);
    await bothAtOnce(...Array.from(bytes, (byte) => Buffer.of(byte)));
  });

  it("that end early are refused, or dropped, as node:http does it", async () => {
    const twice = Buffer.concat([request, request]);
    for (let end = 0; end < twice.length; end += 3) await bothAtOnce(twice.subarray(0, end));
  });
});

describe("bytes that are nearly a request of the lane", () => {
  /** Other seeds and more runs, as for the fuzzer of bodies. */
  const seed = Number(process.env["KSERVE_TS_FUZZ_SEED"] ?? 1);
  const numRuns = Number(process.env["KSERVE_TS_FUZZ_RUNS"] ?? 400);
  const PIECES = [
    "\r\n",
    "\n",
    "\r",
    " ",
    "\t",
    ":",
    "\0",
    "\xff",
    ",",
    "%",
    "?",
    "#",
    "0",
    "9",
    "HTTP/1.1",
    "\r\n\r\n",
  ];
  const LINES = [
    "Content-Length: 3\r\n",
    "content-length: 19\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Connection: close\r\n",
    "Connection: keep-alive\r\n",
    "Host: a\r\n",
    "Accept: text/event-stream\r\n",
    "Accept-Encoding: gzip\r\n",
    "Content-Encoding: gzip\r\n",
  ];
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    remove: fc.nat(8),
    insert: fc.oneof(fc.constantFrom(...PIECES, ...LINES), fc.string({ maxLength: 4 })),
  });
  /** A line among the others, where it means most. */
  const line = fc.constantFrom(...LINES);
  const bases = [
    post(V1, '{"instances":["a"]}', { "X-Request-Id": "f" }),
    post(V2, v2Body),
    binary,
    post("/v1/models/other:predict", '{"instances":["a"]}'),
  ].map((bytes) => bytes.toString("latin1"));

  it(
    "are answered as node:http's reader has it",
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...bases),
          fc.boolean(),
          fc.array(change, { maxLength: 3 }),
          fc.option(line, { nil: undefined }),
          fc.double({ min: 0, max: 1, noNaN: true }),
          async (base, isFirst, changes, added, split) => {
            let text = base;
            if (added !== undefined) text = text.replace("Host: test\r\n", `${added}Host: test\r\n`);
            for (const { at, remove, insert } of changes) {
              const start = Math.floor(at * text.length);
              text = text.slice(0, start) + insert + text.slice(start + remove);
            }
            const at = Math.floor(split * text.length);
            const pieces = [text.slice(0, at), text.slice(at)];
            await both((port) =>
              isFirst ? converse(port, ...pieces) : converseAfter(port, binary, ...pieces),
            );
          },
        ),
        { seed, numRuns },
      );
    },
    60_000 + numRuns * 50,
  );
});
