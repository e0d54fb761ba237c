import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { GrpcInferenceClient } from "../../../client/index.ts";
import { tensor } from "../../../contract/index.ts";
import {
  type EncodedMessage,
  encodeInferResponse,
  encodeStreamError,
  encodeStreamResponse,
} from "../../../protocol/grpc.ts";
import { failureOf } from "../fixed-server.ts";
import { all, untilFailure } from "../reading.ts";
import { type SeenCall, answer, framed, handlingCalls, refuse } from "./fixed-grpc-server.ts";

const X = tensor("FP32", [1], [1]);

function bytesOf({ head, tail }: EncodedMessage): Buffer {
  return Buffer.concat([head, ...tail]);
}

/** An answer with one tensor, framed. */
function response(values: readonly number[], name = "y"): Buffer {
  const y = { name, ...tensor("FP64", [values.length], values) };
  const message = encodeInferResponse(
    { modelName: "m", modelVersion: undefined, id: "7", tensors: [y] },
    { outputs: undefined, binaryOutput: true },
  );
  return bytesOf(encodeStreamResponse(message));
}

/** Opens an answer that goes on. */
function open({ stream }: SeenCall): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
}

const valuesOf = async (stream: AsyncIterable<{ outputs: Readonly<Record<string, { data: unknown }>> }>) =>
  (await all(stream)).map(({ outputs }) => [...(outputs["y"]?.data as Float64Array)]);

describe("a stream over gRPC", () => {
  it("is one request, and as many answers as come, whatever their pieces", async () => {
    const body = Buffer.concat([response([1]), response([2, 3]), response([])]);
    await using server = await handlingCalls((call, index) => {
      if (index === 0) return answer(call, body);
      open(call);
      const { stream } = call;
      for (const byte of body) stream.write(Uint8Array.of(byte));
      stream.end();
    });
    using client = new GrpcInferenceClient(server.address);
    for (let time = 0; time < 2; time++) {
      expect(await valuesOf(client.inferStream("m", { x: X }, { id: "7" }))).toEqual([[1], [2, 3], []]);
    }
    expect(server.calls[0]?.headers[":path"]).toBe("/inference.GRPCInferenceService/ModelStreamInfer");
    expect(Number.parseInt(server.calls[0]?.headers["grpc-timeout"] ?? "")).toBeGreaterThan(0);
  });

  it("shows raw tensors in the answer's memory, whatever is ahead of them", async () => {
    const names = ["y", "yy", "yyy", "yyyyyyyyyy", "y".repeat(200)];
    await using server = await handlingCalls((call) =>
      answer(call, Buffer.concat(names.map((name) => response([0.5, 7], name)))),
    );
    using client = new GrpcInferenceClient(server.address);
    const answers = await all(client.inferStream("m", { x: X }));
    expect(answers.map(({ outputs }) => Object.keys(outputs))).toEqual(names.map((name) => [name]));
    for (const { outputs } of answers) {
      const data = Object.values(outputs)[0]?.data as Float64Array;
      expect([...data]).toEqual([0.5, 7]);
      // A copy would have memory of its own.
      expect(data.buffer.byteLength).toBeGreaterThan(16);
    }
  });

  it("may have no answers, and compressed ones", async () => {
    await using server = await handlingCalls((call, index) =>
      index === 0
        ? answer(call, Buffer.alloc(0))
        : answer(call, Buffer.concat([framed(gzipSync(response([4]).subarray(5)), 1), response([5])]), {
            headers: { "grpc-encoding": "gzip" },
          }),
    );
    using client = new GrpcInferenceClient(server.address);
    expect(await all(client.inferStream("m", { x: X }))).toEqual([]);
    expect(await valuesOf(client.inferStream("m", { x: X }))).toEqual([[4], [5]]);
  });

  it("gives an answer before the next is sent", async () => {
    let next: (() => void) | undefined;
    await using server = await handlingCalls((call) => {
      let at = 0;
      open(call);
      next = () => void call.stream.write(response([at++]));
      next();
    });
    using client = new GrpcInferenceClient(server.address);
    const seen: unknown[] = [];
    for await (const { outputs } of client.inferStream("m", { x: X })) {
      seen.push(outputs["y"]?.data[0]);
      if (seen.length === 4) break;
      next?.();
    }
    expect(seen).toEqual([0, 1, 2, 3]);
  });
});

describe("a stream over gRPC fails", () => {
  it.each([
    [
      "an error message",
      bytesOf(encodeStreamError("no  more", { modelName: "m", id: "7" })),
      {},
      { status: 500, grpcStatus: 2, message: "The server failed within its stream: no more" },
    ],
    [
      "a status",
      Buffer.alloc(0),
      { "grpc-status": "8", "grpc-message": "full" },
      { status: 429, grpcStatus: 8, message: "The server answered RESOURCE_EXHAUSTED: full" },
    ],
    [
      "half a message",
      response([1]).subarray(0, 9),
      {},
      { status: 502, message: expect.stringContaining("cut off") as string },
    ],
    [
      "a message that is none",
      framed(Uint8Array.of(0x0a, 0xff)),
      {},
      { status: 502, message: expect.stringContaining("no ModelStreamInferResponse") as string },
    ],
    [
      "an empty message",
      framed(new Uint8Array(0)),
      {},
      { status: 502, message: expect.stringContaining("neither infer_response nor") as string },
    ],
  ])(
    "with %s, behind the answers that came, and its connection lives on",
    async (_what, body, trailers, failure) => {
      await using server = await handlingCalls((call) =>
        answer(call, Buffer.concat([response([1]), body]), { trailers }),
      );
      using client = new GrpcInferenceClient(server.address);
      for (let time = 0; time < 2; time++) {
        const ended = await untilFailure(client.inferStream("m", { x: X }));
        expect(ended.answers).toHaveLength(1);
        expect(ended.failure).toMatchObject({ code: "KTS_SERVER_ANSWERED", ...failure });
      }
      expect(server.sessions).toHaveLength(1);
    },
  );

  it("with the status of a call that failed at once", async () => {
    await using server = await handlingCalls((call) => refuse(call, { "grpc-status": "12" }));
    using client = new GrpcInferenceClient(server.address);
    expect(await failureOf(all(client.inferStream("m", { x: X })))).toMatchObject({
      grpcStatus: 12,
      status: 501,
    });
  });

  it("when it is broken off behind an answer, and is not sent again", async () => {
    await using server = await handlingCalls((call) => {
      open(call);
      call.stream.write(response([1]), () => call.stream.session?.destroy());
    });
    using client = new GrpcInferenceClient(server.address, { retries: 3, idempotent: true });
    expect(await untilFailure(client.inferStream("m", { x: X }))).toMatchObject({
      answers: [{ modelName: "m" }],
      failure: { code: "KTS_SERVER_UNREACHABLE" },
    });
    expect(server.calls).toHaveLength(1);
  });

  it("when its deadline passes, its signal is aborted or its client closed, and the server sees it", async () => {
    const codes: number[] = [];
    await using server = await handlingCalls((call) => {
      call.stream.on("close", () => codes.push(call.stream.rstCode));
      open(call);
      call.stream.write(response([1]));
    });
    const client = new GrpcInferenceClient(server.address);
    const late = await untilFailure(client.inferStream("m", { x: X }, { timeoutMs: 2_000 }));
    expect(late).toMatchObject({ answers: [{ modelName: "m" }], failure: { code: "KTS_DEADLINE_EXCEEDED" } });

    const controller = new AbortController();
    const stream = client.inferStream("m", { x: X }, { signal: controller.signal });
    await stream.next();
    const pending = failureOf(stream.next());
    controller.abort(new Error("enough"));
    expect((await pending).message).toBe("enough");
    while (codes.length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(codes).toEqual([8, 8]);
    expect(server.sessions).toHaveLength(1);

    const last = client.inferStream("m", { x: X });
    await last.next();
    const closed = failureOf(last.next());
    client.close();
    expect(await closed).toMatchObject({ code: "KTS_CANCELLED" });
  });
});

describe("leaving a stream over gRPC", () => {
  it("resets it, and its connection lives on", async () => {
    let code: number | undefined;
    await using server = await handlingCalls((call) => {
      const timer = setInterval(() => call.stream.write(response([1])), 1);
      call.stream.on("close", () => {
        clearInterval(timer);
        code ??= call.stream.rstCode;
      });
      open(call);
    });
    using client = new GrpcInferenceClient(server.address);
    for await (const { modelName } of client.inferStream("m", { x: X })) {
      expect(modelName).toBe("m");
      break;
    }
    while (code === undefined) await new Promise((resolve) => setImmediate(resolve));
    expect(code).toBe(8);
    const second = client.inferStream("m", { x: X });
    expect((await second.next()).done).toBe(false);
    await second.return();
    expect(server.sessions).toHaveLength(1);
  });
});

describe("a server without ModelStreamInfer", () => {
  it("is asked for its one answer", async () => {
    await using server = await handlingCalls((call) => {
      if (call.headers[":path"]?.endsWith("/ModelInfer") === false)
        return refuse(call, { "grpc-status": "12" });
      const y = { name: "y", ...X };
      const reply = { modelName: "m", modelVersion: undefined, id: "7", tensors: [y] };
      answer(call, bytesOf(encodeInferResponse(reply, { outputs: undefined, binaryOutput: true })));
    });
    using client = new GrpcInferenceClient(server.address);
    expect(await all(client.inferStream("m", { x: X }))).toMatchObject([{ outputs: { y: X } }]);
    expect(server.calls).toHaveLength(2);
  });
});

describe("trying a stream over gRPC again", () => {
  it("goes on until it has begun", async () => {
    await using server = await handlingCalls((call, index) => {
      if (index === 0) return refuse(call, { "grpc-status": "8", "grpc-retry-pushback-ms": "1" });
      if (index === 1) return call.stream.close(7);
      answer(call, response([1]));
    });
    using client = new GrpcInferenceClient(server.address, { retries: 1 });
    expect(await valuesOf(client.inferStream("m", { x: X }))).toEqual([[1]]);
    expect(server.calls).toHaveLength(3);
  });
});

describe("a slow reader of a stream over gRPC", () => {
  it("holds the server back and nobody else, and misses nothing", { timeout: 30_000 }, async () => {
    const count = 2_000;
    const large = response(Array.from({ length: 2_000 }, (_, index) => index));
    let written = 0;
    await using server = await handlingCalls((call) => {
      if (call.headers[":path"]?.endsWith("ServerLive") === true)
        return answer(call, framed(Uint8Array.of(8, 1)));
      open(call);
      const go = (): void => {
        while (written < count) {
          written++;
          if (!call.stream.write(large)) return void call.stream.once("drain", go);
        }
        call.stream.end();
      };
      go();
    });
    using client = new GrpcInferenceClient(server.address);
    let read = 0;
    for await (const { outputs } of client.inferStream("m", { x: X })) {
      expect(outputs["y"]?.data).toHaveLength(2_000);
      if (read++ > 0) continue;
      for (let before = -1; before !== written;) {
        before = written;
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      expect(written).toBeLessThan(count);
      expect(await client.live()).toBe(true);
    }
    expect(read).toBe(count);
  });
});
