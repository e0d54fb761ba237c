import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { GrpcInferenceClient } from "../../../client/index.ts";
import { failureOf } from "../fixed-server.ts";
import { LIVE, answer, framed, handlingCalls, refuse } from "./fixed-grpc-server.ts";

describe("an answer", () => {
  it("is read whatever its pieces", async () => {
    await using server = await handlingCalls((call) => {
      const { stream } = call;
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.respond({ ":status": 200, "content-type": "application/grpc+proto" }, { waitForTrailers: true });
      const bytes = [...LIVE];
      const next = (): void => {
        const byte = bytes.shift();
        if (byte === undefined) stream.end();
        else stream.write(Uint8Array.of(byte), () => setImmediate(next));
      };
      next();
    });
    using client = new GrpcInferenceClient(server.address);
    expect(await client.live()).toBe(true);
  });

  it("that is empty is a message of defaults", async () => {
    await using server = await handlingCalls((call) => answer(call, framed(new Uint8Array(0))));
    using client = new GrpcInferenceClient(server.address);
    expect(await client.live()).toBe(false);
  });

  it("may be compressed with gzip", async () => {
    await using server = await handlingCalls((call) =>
      answer(call, framed(gzipSync(LIVE.subarray(5)), 1), { headers: { "grpc-encoding": "gzip" } }),
    );
    using client = new GrpcInferenceClient(server.address);
    expect(await client.live()).toBe(true);
    expect(server.calls[0]?.headers["grpc-accept-encoding"]).toBe("identity,deflate,gzip");
  });

  it.each([
    [
      "a message that is not gzip data",
      framed(Uint8Array.of(1, 2, 3), 1),
      { "grpc-encoding": "gzip" },
      /not gzip/,
    ],
    ["an unknown compression", framed(Uint8Array.of(1), 1), { "grpc-encoding": "br" }, /compressed as "br"/],
    ["no message", new Uint8Array(0), {}, /no whole message/],
    ["half a message", LIVE.subarray(0, 6), {}, /last message is cut off/],
    ["two messages", Buffer.concat([LIVE, LIVE]), {}, /two messages/],
    ["a first byte that is none", Uint8Array.of(7, 0, 0, 0, 0), {}, /first byte is 7/],
    ["a message that is no protobuf", framed(Uint8Array.of(0x0a, 0xff)), {}, /no ServerLiveResponse/],
  ])("of %s is an error, and the connection lives on", async (_what, body, headers, message) => {
    await using server = await handlingCalls((call, index) =>
      index === 0 ? answer(call, body, { headers }) : answer(call, LIVE),
    );
    using client = new GrpcInferenceClient(server.address);
    expect(await failureOf(client.live())).toMatchObject({
      code: "KTS_SERVER_ANSWERED",
      status: 502,
      message: expect.stringMatching(message) as string,
    });
    expect(await client.live()).toBe(true);
    expect(server.sessions).toHaveLength(1);
  });

  it("larger than maxAnswerBytes is an error, compressed or not", async () => {
    const large = new Uint8Array(2_000);
    await using server = await handlingCalls((call, index) =>
      index === 0
        ? answer(call, framed(large))
        : answer(call, framed(gzipSync(large), 1), { headers: { "grpc-encoding": "gzip" } }),
    );
    using client = new GrpcInferenceClient(server.address, { maxAnswerBytes: 1_000 });
    for (let time = 0; time < 2; time++) {
      expect(await failureOf(client.live())).toMatchObject({
        code: "KTS_SERVER_ANSWERED",
        message: "The server's answer is larger than 1000 bytes.",
      });
    }
  });
});

describe("a status", () => {
  it("without an answer is an error with the server's words", async () => {
    await using server = await handlingCalls((call) =>
      refuse(call, {
        "grpc-status": "8",
        "grpc-message": "voll: 100%25 gr%C3%B6%C3%9Fer",
        "grpc-retry-pushback-ms": "1500",
      }),
    );
    using client = new GrpcInferenceClient(server.address);
    expect(await failureOf(client.live())).toMatchObject({
      code: "KTS_SERVER_ANSWERED",
      status: 429,
      grpcStatus: 8,
      retryAfterSeconds: 1.5,
      message: "The server answered RESOURCE_EXHAUSTED: voll: 100% größer",
    });
  });

  it("behind an answer outranks it", async () => {
    await using server = await handlingCalls((call) =>
      answer(call, LIVE, { trailers: { "grpc-status": "15" } }),
    );
    using client = new GrpcInferenceClient(server.address);
    expect(await failureOf(client.live())).toMatchObject({
      status: 500,
      grpcStatus: 15,
      message: expect.stringContaining("DATA_LOSS") as string,
    });
  });

  it.each([
    ["4", { code: "KTS_DEADLINE_EXCEEDED", status: 504, grpcStatus: 4 }],
    ["16", { code: "KTS_SERVER_ANSWERED", status: 401, grpcStatus: 16 }],
    ["99", { code: "KTS_SERVER_ANSWERED", status: 500, grpcStatus: 2 }],
  ])("%s has its code", async (status, expected) => {
    await using server = await handlingCalls((call) => refuse(call, { "grpc-status": status }));
    using client = new GrpcInferenceClient(server.address);
    expect(await failureOf(client.live())).toMatchObject(expected);
  });

  it("that is HTTP's, from a proxy, is an error that says so", async () => {
    await using server = await handlingCalls((call) =>
      refuse(call, { ":status": 503, "content-type": "text/html" }),
    );
    using client = new GrpcInferenceClient(server.address);
    expect(await failureOf(client.live())).toMatchObject({
      status: 503,
      grpcStatus: 14,
      message: "The server answered HTTP status 503, and no gRPC.",
    });
  });
});

describe("a server", () => {
  it("that speaks HTTP/1.1 only is unreachable, with a hint", async () => {
    const server = createServer((_req, res) => void res.end("hello"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      using client = new GrpcInferenceClient(`127.0.0.1:${(server.address() as AddressInfo).port}`);
      expect(await failureOf(client.live())).toMatchObject({
        code: "KTS_SERVER_UNREACHABLE",
        message: expect.stringContaining("is not HTTP/2") as string,
        hint: expect.stringContaining("gRPC port") as string,
      });
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  it("that resets the stream leaves an error, and the next call goes through", async () => {
    await using server = await handlingCalls((call, index) =>
      index === 0 ? call.stream.close(2) : answer(call, LIVE),
    );
    using client = new GrpcInferenceClient(server.address);
    expect(await failureOf(client.live())).toMatchObject({
      code: "KTS_SERVER_UNREACHABLE",
      message: expect.stringContaining("broke before the answer was complete") as string,
    });
    expect(await client.live()).toBe(true);
  });
});
