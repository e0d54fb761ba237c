import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestServer, servePredictor } from "../serving.ts";
import { RawClient, post } from "./raw-client.ts";

const V1 = "/v1/models/m:predict";
const LIVE = "GET /v2/health/live HTTP/1.1\r\nHost: t\r\n\r\n";
const MIB = 1_048_576;

/** Echoes; a number as the only instance is a wait of so many milliseconds, and `large` a large answer. */
const PREDICTOR = `
export const execution = "inline";
export const concurrency = 10_000;
export const predict = async (_model, instances, ctx) => {
  const [first] = instances;
  if (first === "large") return ["x".repeat(1_000_000)];
  if (typeof first === "number") {
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, first);
      ctx.signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); });
    });
  }
  return instances;
};
`;

let server: TestServer;
beforeAll(async () => {
  server = await servePredictor(PREDICTOR, { options: { maxBodyBytes: 32 * MIB } });
});
afterAll(() => server.stop());

async function expectAlive(): Promise<void> {
  using client = await RawClient.connect(server.port);
  await client.send(post(V1, '{"instances":["here"]}'));
  expect(String((await client.answer()).body)).toBe('{"predictions":["here"]}');
}

/** Sends bytes, says that no more will come, and returns all that comes back until the other side closes. */
async function converse(bytes: string | Buffer): Promise<string> {
  const socket = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
  const { promise, resolve } = Promise.withResolvers<void>();
  let received = "";
  socket.setEncoding("latin1").on("data", (text: string) => (received += text));
  socket.on("error", () => undefined);
  socket.on("end", () => socket.destroy());
  socket.on("close", () => resolve());
  socket.end(bytes);
  await promise;
  return received;
}

describe("a request that two servers may read differently", () => {
  const smuggled = `5c\r\n${LIVE}`;
  it.each([
    ["a length and chunks", `Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${LIVE}`],
    ["chunks and a length", `Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${LIVE}`],
    ["two lengths", `Content-Length: 4\r\nContent-Length: 40\r\n\r\n${smuggled}`],
    ["two lengths in one header", `Content-Length: 4, 40\r\n\r\n${smuggled}`],
    ["a length with a sign", `Content-Length: +4\r\n\r\n${smuggled}`],
    ["a hexadecimal length", `Content-Length: 0x4\r\n\r\n${smuggled}`],
    ["a length beyond 64 bits", `Content-Length: 99999999999999999999999\r\n\r\n${smuggled}`],
    ["a space in front of the colon", `Content-Length : 4\r\n\r\n${smuggled}`],
    ["an encoding that is not chunked last", `Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${LIVE}`],
    ["an unknown encoding", `Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${LIVE}`],
    ["a chunk's size beyond 64 bits", `Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n${LIVE}`],
    ["a chunk's size with a sign", `Transfer-Encoding: chunked\r\n\r\n-1\r\n${LIVE}`],
    ["a chunk longer than it says", `Transfer-Encoding: chunked\r\n\r\n1\r\nabcdef\r\n0\r\n\r\n${LIVE}`],
    ["a folded header", `X: a\r\n Content-Length: 4\r\n\r\n${LIVE}`],
    ["a header without a name", `: x\r\n\r\n${LIVE}`],
    ["a zero byte in a header", `X: a\0b\r\n\r\n${LIVE}`],
    ["a lone carriage return", `X: a\rContent-Length: 4\r\n\r\n${LIVE}`],
  ])("is refused, with what follows it: %s", async (_case, rest) => {
    const received = await converse(`POST ${V1} HTTP/1.1\r\nHost: t\r\n${rest}`);
    expect(received).not.toContain('{"live":true}');
    expect(received).not.toContain("HTTP/1.1 2");
    expect(received).toMatch(/^HTTP\/1\.1 4\d\d [^]*\{"error":"/);
    expect(received.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    await expectAlive();
  });
});

describe("a flood of headers", () => {
  it("loses none of them below the limit of bytes, however many there are", async () => {
    using client = await RawClient.connect(server.port);
    const lines = `${"a:\r\n".repeat(2_500)}X-Request-Id: last\r\n`;
    await client.send(
      `POST ${V1} HTTP/1.1\r\nHost: t\r\n${lines}Content-Length: 17\r\n\r\n{"instances":[1]}`,
    );
    const { status, headers } = await client.answer();
    expect([status, headers.get("x-request-id")]).toEqual([200, "last"]);
  });

  it.each([
    ["of many", Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`h${at}`, "1"]))],
    ["of one name", undefined],
  ])("is answered with 431 above it: %s", async (_case, headers) => {
    const lines = headers === undefined ? "Cookie: a=b\r\n".repeat(20_000) : "";
    const received = await converse(
      headers === undefined ? `GET / HTTP/1.1\r\nHost: t\r\n${lines}\r\n` : post(V1, "{}", headers),
    );
    // What was still on its way when the connection closed may have reset it, the answer with it.
    if (received !== "") expect(received).toContain("HTTP/1.1 431 ");
    await expectAlive();
  });
});

describe("a small body that grows", () => {
  /** A gigabyte of zeros, as a list of gzip members, each of 16 MiB. */
  const gigabyte = () =>
    Buffer.concat(Array.from({ length: 64 }, () => gzipSync(Buffer.alloc(16 * MIB), { level: 1 })));

  const brotli = (bytes: number) =>
    brotliCompressSync(Buffer.alloc(bytes), { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });

  /** Sends a body and returns the status, and by how much the process grew meanwhile. */
  async function grow(body: Buffer, coding: string): Promise<{ status: number; grownBytes: number }> {
    const before = process.memoryUsage.rss();
    let most = before;
    const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5);
    using client = await RawClient.connect(server.port);
    await client.send(post(V1, body, { "Content-Encoding": coding }));
    const { status } = await client.answer();
    clearInterval(timer);
    return { status, grownBytes: Math.max(most, process.memoryUsage.rss()) - before };
  }

  it("is 413 at the limit, not after a gigabyte", async () => {
    const { status, grownBytes } = await grow(gigabyte(), "gzip");
    expect(status).toBe(413);
    expect(grownBytes).toBeLessThan(200 * MIB);
  });

  it("is 413 at once where it says itself that it is too large", async () => {
    const { status, grownBytes } = await grow(gzipSync(Buffer.alloc(128 * MIB), { level: 1 }), "gzip");
    expect(status).toBe(413);
    expect(grownBytes).toBeLessThan(50 * MIB);
  });

  it("is 413 with brotli too, from a few kilobytes", async () => {
    const bomb = brotli(128 * MIB);
    expect(bomb.length).toBeLessThan(30_000);
    expect((await grow(bomb, "br")).status).toBe(413);
  });
});

describe("clients that leave in the middle", () => {
  const request = post(V1, '{"instances":[60000]}');
  const large = post(V1, '{"instances":["large"]}');
  const PARTS: readonly (readonly [what: string, bytes: Buffer])[] = [
    ["before a byte", Buffer.alloc(0)],
    ["in the head", request.subarray(0, 20)],
    ["in the body", request.subarray(0, -4)],
    ["while it is predicted", request],
    ["in the answer", large],
  ];

  it("leave nothing behind, a thousand of them", async () => {
    for (let round = 0; round < 10; round++) {
      const leaving = Array.from({ length: 100 }, async (_, at) => {
        const [, bytes] = PARTS[at % PARTS.length] as (typeof PARTS)[number];
        using client = await RawClient.connect(server.port);
        if (bytes.length > 0) await client.send(bytes);
        client.abort();
      });
      await Promise.all(leaving);
      await expectAlive();
    }
    const inFlight = async () =>
      (await (await fetch(`${server.url}/metrics`)).text()).match(/in_flight_requests\{.*\} (\d+)/);
    while ((await inFlight())?.[1] !== "0") await sleep(5);
    await expectAlive();
  }, 60_000);
});

describe("clients that only hold their connection", () => {
  it("do not keep others out, idle or half way through a head or body", async () => {
    const clients = await Promise.all(Array.from({ length: 600 }, () => RawClient.connect(server.port)));
    const request = post(V1, '{"instances":["a"]}');
    await Promise.all(
      clients.map(async (client, at) => {
        if (at % 3 === 1) await client.send(request.subarray(0, 30));
        if (at % 3 === 2) await client.send(request.subarray(0, -2));
      }),
    );
    expect((await fetch(`${server.url}/v2/health/ready`)).status).toBe(200);
    await expectAlive();
    // Those that stopped half way may still go on.
    const [, , slow] = clients;
    await slow?.send(request.subarray(-2));
    expect((await slow?.answer())?.status).toBe(200);
    for (const client of clients) client[Symbol.dispose]();
  });
});

describe("bytes that are nearly HTTP", () => {
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
    "ÿ",
    ",",
    ";",
    "%",
    "%00",
    "?",
    "#",
    "//",
    "HTTP/1.1",
    "HTTP/9.9",
  ];
  const HEADERS = [
    "Content-Length: 3\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Expect: 100-continue\r\n",
    "Connection: close\r\n",
  ];
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    remove: fc.nat(8),
    insert: fc.oneof(fc.constantFrom(...PIECES, ...HEADERS, "Upgrade: h2c\r\n"), fc.string({ maxLength: 6 })),
  });
  const original = post(V1, '{"instances":["a"]}', {
    "Content-Type": "application/json",
    "X-Request-Id": "f",
  });

  it(
    "are answered with 2xx, 4xx or 501 in the error's shape, or the connection ends",
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
          let text = original.toString("latin1");
          for (const { at, remove, insert } of changes) {
            const start = Math.floor(at * text.length);
            text = text.slice(0, start) + insert + text.slice(start + remove);
          }
          const received = await converse(Buffer.from(text, "latin1"));
          if (received !== "") expect(received).toMatch(/^HTTP\/1\.1 (?:100|2\d\d|4\d\d|501) /);
        }),
        { seed, numRuns },
      );
      await expectAlive();
    },
    60_000 + numRuns * 50,
  );
});
