import { constants } from "node:http2";
import { connect as connectTcp } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ECHO, type TestServer, servePredictor } from "../serving.ts";
import { serialize } from "./client.ts";
import { RawConnection, answerOf, eventOf, frame, statusOf } from "./raw-call.ts";

const INFER = "/inference.GRPCInferenceService/ModelInfer";
const LIVE = "/inference.GRPCInferenceService/ServerLive";

let server: TestServer;
let connection: RawConnection;
beforeAll(async () => {
  server = await servePredictor(ECHO, { options: { grpcMaxReceiveBytes: 1 << 20 } });
  connection = await RawConnection.open(server.grpcPort);
});
afterAll(async () => {
  await connection[Symbol.asyncDispose]();
  await server.stop();
});

const VALUES = Float32Array.from({ length: 5_000 }, (_, index) => index / 3);
const RAW = Buffer.from(VALUES.buffer);
const MESSAGE = serialize("ModelInfer", {
  model_name: "m",
  id: "7",
  inputs: [{ name: "x", datatype: "FP32", shape: [VALUES.length] }],
  raw_input_contents: [RAW],
});

describe("an answer", () => {
  it("is headers, one message, and trailers with the status", async () => {
    const { headers, trailers, body, rstCode } = await connection.call(INFER, [frame(MESSAGE)]);
    expect(headers).toMatchObject({ ":status": 200, "content-type": "application/grpc" });
    expect(Object.entries(trailers)).toEqual([["grpc-status", "0"]]);
    expect(body[0]).toBe(0);
    expect(body.readUInt32BE(1)).toBe(body.length - 5);
    expect(body.subarray(-RAW.length).equals(RAW)).toBe(true);
    expect(rstCode).toBe(0);
  });

  it("that is a failure is headers alone", async () => {
    const answer = await connection.call(INFER, [frame(Buffer.alloc(0))]);
    expect(answer.headers).toMatchObject({ ":status": 200, "grpc-status": "3" });
    expect(answer.body.length).toBe(0);
  });

  it("has its message percent-encoded", async () => {
    const unknown = serialize("ModelInfer", { model_name: "größe 100%\n" });
    const { headers } = await connection.call(INFER, [frame(unknown)]);
    expect(headers["grpc-message"]).toBe("Model with name gr%C3%B6%C3%9Fe 100%25%0A does not exist.");
  });

  it.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
  ])("to a request compressed with %s is compressed so, if it is worth it", async (coding, compress) => {
    const headers = { "grpc-encoding": coding };
    const large = await connection.call(INFER, [frame(compress(MESSAGE), 1)], headers);
    expect(large.headers["grpc-encoding"]).toBe(coding);
    expect(large.body[0]).toBe(1);
    const small = await connection.call(LIVE, [frame(compress(Buffer.alloc(0)), 1)], headers);
    expect(small.body).toEqual(Buffer.of(0, 0, 0, 0, 2, 8, 1));
  });

  it("is not compressed where the client does not accept that", async () => {
    const headers = { "grpc-encoding": "gzip", "grpc-accept-encoding": "identity, deflate" };
    const answer = await connection.call(INFER, [frame(gzipSync(MESSAGE), 1)], headers);
    expect(answer.headers["grpc-encoding"]).toBeUndefined();
    expect(answer.body[0]).toBe(0);
    expect(statusOf(answer)).toEqual([0, ""]);
  });
});

describe("a message", () => {
  it("may be cut anywhere", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(MESSAGE.length + 4), { maxLength: 6 }), async (cuts) => {
        const bytes = frame(MESSAGE);
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const parts = places.slice(1).map((until, index) => bytes.subarray(places[index], until));
        const { body } = await connection.call(INFER, parts);
        expect(body.subarray(-RAW.length).equals(RAW)).toBe(true);
      }),
      { numRuns: 40, examples: [[[1, 2, 3, 4, 5]], [[5]], [[4]]] },
    );
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7])(
    "has its tensors right, whatever their alignment (%i)",
    async (length) => {
      const message = serialize("ModelInfer", {
        model_name: "m",
        id: "i".repeat(1 + length),
        inputs: ["x", "y"].map((name) => ({ name, datatype: "FP64", shape: [1_000] })),
        raw_input_contents: [RAW.subarray(0, 8_000), RAW.subarray(8, 8_008)],
      });
      const { body } = await connection.call(INFER, [frame(message)]);
      expect(body.subarray(-8_000).equals(RAW.subarray(8, 8_008))).toBe(true);
      expect(body.includes(RAW.subarray(0, 8_000))).toBe(true);
    },
  );

  it.each([
    ["none at all", [], 12, "A unary call has one request message, but none came."],
    [
      "two of them",
      [frame(MESSAGE), frame(MESSAGE)],
      12,
      "A unary call has one request message, but more than one came.",
    ],
    [
      "cut off",
      [frame(MESSAGE).subarray(0, 900)],
      3,
      "The message ended early: it is shorter than its prefix says.",
    ],
    [
      "cut off in the prefix",
      [Buffer.alloc(3)],
      3,
      "The message ended early: it is shorter than its prefix says.",
    ],
    [
      "not protobuf",
      [frame(Buffer.of(0xff, 0xff))],
      3,
      "the message is not protobuf: it ends within a number",
    ],
    [
      "of an unknown kind",
      [frame(MESSAGE, 2)],
      3,
      "a message's first byte is 2, expected 0 or 1 (compressed)",
    ],
    [
      "compressed without a word",
      [frame(gzipSync(MESSAGE), 1)],
      3,
      "grpc-encoding: a message is compressed, but no compression is named",
    ],
  ])("that is %s is refused", async (_case, parts, code, message) => {
    expect(statusOf(await connection.call(INFER, parts))).toEqual([code, message]);
  });

  it("that is not what grpc-encoding says is INVALID_ARGUMENT", async () => {
    const answer = await connection.call(INFER, [frame(MESSAGE, 1)], { "grpc-encoding": "gzip" });
    const [code, message] = statusOf(answer);
    expect(code).toBe(3);
    expect(message).toContain("grpc-encoding: the message is not gzip data");
  });

  it("announced as too large is refused before it has come, and the upload is stopped", async () => {
    const stream = connection.open(INFER);
    const answer = answerOf(stream);
    stream.write(Buffer.of(0, 0xff, 0xff, 0xff, 0xff));
    const refused = await answer;
    expect(statusOf(refused)).toEqual([
      8,
      "SERVER: Received message larger than max (4294967295 vs. 1048576)",
    ]);
    expect(refused.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
    expect(statusOf(await connection.call(LIVE, [frame(Buffer.alloc(0))]))).toEqual([0, ""]);
  });
});

describe("a call's headers", () => {
  const none = frame(Buffer.alloc(0));

  it.each([
    ["application/grpc"],
    ["application/grpc+proto"],
    ["application/grpc;charset=utf-8"],
    ["APPLICATION/GRPC"],
  ])("may have the content type %s", async (contentType) => {
    expect(statusOf(await connection.call(LIVE, [none], { "content-type": contentType }))).toEqual([0, ""]);
  });

  it.each([["application/json"], ["application/grpc-web"], ["application/grpc+json"], [undefined]])(
    "with the content type %s are 415",
    async (contentType) => {
      const { headers } = await connection.call(LIVE, [none], { "content-type": contentType });
      expect(headers[":status"]).toBe(415);
    },
  );

  it("with another method than POST are 405", async () => {
    const stream = connection.session.request({ ":method": "GET", ":path": "/" }, { endStream: true });
    expect((await answerOf(stream)).headers).toMatchObject({ ":status": 405, allow: "POST" });
  });

  it("without te are refused, since trailers may not arrive", async () => {
    const [code, message] = statusOf(await connection.call(LIVE, [none], { te: undefined }));
    expect(code).toBe(3);
    expect(message).toContain("te: expected trailers");
  });

  it("with an unknown path are UNIMPLEMENTED", async () => {
    for (const path of ["/inference.GRPCInferenceService/TraceSetting", "/x", "/"]) {
      expect(statusOf(await connection.call(path, [none]))).toEqual([12, `There is no method ${path}.`]);
    }
  });

  it("with an unknown compression are UNIMPLEMENTED, and hear of those there are", async () => {
    const answer = await connection.call(LIVE, [none], { "grpc-encoding": "snappy" });
    expect(statusOf(answer)[0]).toBe(12);
    expect(answer.headers["grpc-accept-encoding"]).toBe("identity,deflate,gzip");
  });

  it.each(["1", "S", "-1S", "123456789S", "1x", ""])("with the timeout %j are refused", async (timeout) => {
    expect(statusOf(await connection.call(LIVE, [none], { "grpc-timeout": timeout }))[0]).toBe(3);
  });

  it.each(["10H", "99999999M", "10S", "5000m", "90000000u"])("may have the timeout %s", async (timeout) => {
    expect(statusOf(await connection.call(LIVE, [none], { "grpc-timeout": timeout }))).toEqual([0, ""]);
  });

  it("have a timeout that counts while the message comes", async () => {
    const stream = connection.open(INFER, { "grpc-timeout": "50m" });
    const answer = answerOf(stream);
    stream.write(frame(MESSAGE).subarray(0, 100));
    expect(statusOf(await answer)).toEqual([4, "The request took longer than 50 ms."]);
  });
});

describe("a connection", () => {
  it("is closed when its client resets one call after the other", async () => {
    await using rapid = await RawConnection.open(server.grpcPort);
    const closed = eventOf(rapid.session, "close");
    for (let count = 0; count < 3000 && !rapid.session.destroyed; count++) {
      const stream = rapid.open(INFER);
      stream.write(frame(MESSAGE).subarray(0, 10));
      stream.close(constants.NGHTTP2_CANCEL);
      if (count % 100 === 99) await sleep(1);
    }
    await closed;
    expect(rapid.goaway).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    expect(rapid.goawayText).toBe("too_many_resets");
    expect(statusOf(await connection.call(LIVE, [frame(Buffer.alloc(0))]))).toEqual([0, ""]);
  });

  it("is closed when its client pings without end", async () => {
    await using pinging = await RawConnection.open(server.grpcPort);
    const closed = eventOf(pinging.session, "close");
    while (!pinging.session.destroyed) {
      pinging.session.ping(() => undefined);
      await sleep(0);
    }
    await closed;
    expect(pinging.goaway).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    expect(pinging.goawayText).toBe("too_many_pings");
  });

  it("may ping now and then, and with every call", async () => {
    await using pinging = await RawConnection.open(server.grpcPort);
    for (let count = 0; count < 250; count++) {
      if (count > 20) expect(statusOf(await pinging.call(LIVE, [frame(Buffer.alloc(0))]))).toEqual([0, ""]);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      pinging.session.ping((error) => (error === null ? resolve() : reject(error)));
      await promise;
    }
  });

  it("that is cut in the middle of a message is forgotten", async () => {
    for (const bytes of [3, 100, 10_000]) {
      await using cut = await RawConnection.open(server.grpcPort);
      const stream = cut.open(INFER);
      stream.write(frame(MESSAGE).subarray(0, bytes));
      await sleep(5);
    }
    expect(statusOf(await connection.call(LIVE, [frame(Buffer.alloc(0))]))).toEqual([0, ""]);
  });

  it("that does not speak HTTP/2 is closed", async () => {
    const socket = connectTcp(server.grpcPort ?? 0, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    socket.resume();
    await eventOf(socket, "close");
    expect(statusOf(await connection.call(LIVE, [frame(Buffer.alloc(0))]))).toEqual([0, ""]);
  });

  it("with more headers than allowed is told so", async () => {
    await using wordy = await RawConnection.open(server.grpcPort);
    const stream = wordy.open(LIVE, { "x-long": "x".repeat(60_000) });
    stream.end(frame(Buffer.alloc(0)));
    const { headers, rstCode } = await answerOf(stream);
    expect([Number(headers[":status"]) === 431, rstCode]).not.toEqual([false, 0]);
  });
});
