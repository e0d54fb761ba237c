import { type ServerHttp2Stream, createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHash } from "node:crypto";
import { ReadBuffers } from "../../../runtime/grpc/read-buffers.ts";
import { type TestServer, ECHO, servePredictor } from "../serving.ts";
import { TestClient, serialize } from "./client.ts";
import { RawConnection, eventOf, frame } from "./raw-call.ts";

const INFER = "/inference.GRPCInferenceService/ModelInfer";
const MIB = 1 << 20;

/** What one connection's streams were given, by a server that is told of each stream. */
interface Watched extends AsyncDisposable {
  readonly connection: RawConnection;
  /** The blocks that were shown, each once, in their order. */
  readonly blocks: ArrayBuffer[];
  /** The hash of each stream's bytes, by its path. */
  readonly hashes: ReadonlyMap<string, string>;
  readonly streams: ReadonlyMap<string, ServerHttp2Stream>;
}

async function watch(onData?: (stream: ServerHttp2Stream, path: string) => void): Promise<Watched> {
  const blocks: ArrayBuffer[] = [];
  const hashes = new Map<string, string>();
  const streams = new Map<string, ServerHttp2Stream>();
  const server = createServer({ settings: { initialWindowSize: 4 * MIB } });
  server.on("session", (session) => {
    session.setLocalWindowSize(16 * MIB);
    const readBuffers = new ReadBuffers();
    session.on("stream", (stream, headers) => {
      const path = headers[":path"] as string;
      streams.set(path, stream);
      readBuffers.follow(stream);
      const hash = createHash("sha256");
      stream.on("error", () => undefined);
      stream.on("data", (chunk: Buffer<ArrayBuffer>) => {
        if (blocks.at(-1) !== chunk.buffer) blocks.push(chunk.buffer);
        hash.update(chunk);
        onData?.(stream, path);
      });
      stream.on("end", () => {
        hashes.set(path, hash.digest("hex"));
        if (!stream.destroyed) stream.respond({ ":status": 200 }, { endStream: true });
      });
    });
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const connection = await RawConnection.open((server.address() as AddressInfo).port);
  const dispose = async () => {
    await connection[Symbol.asyncDispose]();
    const closed = eventOf(server, "close");
    server.close();
    await closed;
  };
  return { connection, blocks, hashes, streams, [Symbol.asyncDispose]: dispose };
}

function randomBytes(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + length * 7 + (at >>> 8)) & 0xff;
  return bytes;
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

describe("memory that a connection was read into", () => {
  it("is freed once a later block has come, and never the block that came last", async () => {
    await using watched = await watch();
    await watched.connection.call("/a", [randomBytes(2 * MIB)]);
    const large = watched.blocks.filter(
      (block, index) => block.detached || index < watched.blocks.length - 1,
    );
    expect(watched.blocks.length).toBeGreaterThan(8);
    expect(large.every((block) => block.detached || block.byteLength <= 4096)).toBe(true);
    expect(watched.blocks.at(-1)?.detached).toBe(false);
  });

  it("is kept while a paused stream has some of it, whose bytes are right when it goes on", async () => {
    await using watched = await watch((stream, path) => {
      if (path === "/paused") stream.pause();
    });
    const [kept, ...others] = [300_000, 900_000, 700_000].map(randomBytes) as [Buffer, ...Buffer[]];
    const answered = watched.connection.call("/paused", [kept]);
    for (const [index, bytes] of others.entries()) await watched.connection.call(`/${index}`, [bytes]);
    const paused = watched.streams.get("/paused") as ServerHttp2Stream;
    expect(paused.readableLength).toBeGreaterThan(0);
    paused.removeAllListeners("pause");
    const timer = setInterval(() => paused.resume(), 1);
    await answered.finally(() => clearInterval(timer));
    expect(watched.hashes.get("/paused")).toBe(hashOf(kept));
    for (const [index, bytes] of others.entries()) {
      expect(watched.hashes.get(`/${index}`)).toBe(hashOf(bytes));
    }
  });

  it("is all left alone on a connection of which something came before anybody watched", async () => {
    const readBuffers = new ReadBuffers();
    const stream = { readableLength: 1, push: () => true } as unknown as ServerHttp2Stream;
    readBuffers.follow(stream);
    const chunks = [1, 2, 3].map(() => new Uint8Array(10_000));
    (stream as { readableLength: number }).readableLength = 0;
    for (const chunk of chunks) stream.push(chunk);
    expect(chunks.map(({ length }) => length)).toEqual([10_000, 10_000, 10_000]);
  });
});

describe("requests of every size, many at a time", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await servePredictor(ECHO);
  });
  afterAll(async () => {
    await server.stop();
  });

  it("are answered with their own bytes, while others are broken off half-way", async () => {
    await using connection = await RawConnection.open(server.grpcPort);
    let next = 12_345;
    const random = (below: number) => {
      next = (Math.imul(next, 1_103_515_245) + 12_345) >>> 0;
      return next % below;
    };
    const one = async (index: number) => {
      const raw = randomBytes(4 * (1 + random(random(4) === 0 ? 300_000 : 3_000)));
      const message = frame(messageOf(raw));
      const cut = random(message.length);
      if (index % 7 === 0) {
        const stream = connection.open(INFER);
        stream.write(message.subarray(0, cut));
        await sleep(random(3));
        const closed = eventOf(stream, "close");
        stream.close(8);
        await closed;
        return true;
      }
      const { body } = await connection.call(INFER, [message.subarray(0, cut), message.subarray(cut)]);
      return body.subarray(-raw.length).equals(raw);
    };
    for (let round = 0; round < 6; round++) {
      const right = await Promise.all(Array.from({ length: 14 }, (_, index) => one(index)));
      expect(right).toEqual(Array(14).fill(true));
    }
  });

  it("are answered beside a ModelStreamInfer that is not read for a while", async () => {
    using client = new TestClient(server.grpcPort);
    const stream = client.open("ModelStreamInfer");
    stream.on("error", () => undefined);
    const raw = randomBytes(400_000);
    for (let index = 0; index < 20; index++) stream.write(requestOf(raw));
    for (let index = 0; index < 10; index++) {
      const mine = randomBytes(200_000 + 4 * index);
      const { raw_output_contents: [out] = [] } = (await client.infer(requestOf(mine))) as {
        raw_output_contents?: Buffer[];
      };
      expect(out?.equals(mine)).toBe(true);
    }
    let answers = 0;
    stream.end();
    for await (const { infer_response } of stream as AsyncIterable<{
      infer_response: { raw_output_contents: Buffer[] };
    }>) {
      expect(infer_response.raw_output_contents[0]?.equals(raw)).toBe(true);
      answers++;
    }
    expect(answers).toBe(20);
  });
});

describe("a predictor that keeps its inputs", () => {
  it("never sees another request's bytes in them", async () => {
    const seen: { kept: Float32Array[]; first: number[] } = { kept: [], first: [] };
    (globalThis as Record<string, unknown>)["keptByTest"] = seen;
    await using server = await servePredictor(`
      export const execution = "inline";
      const seen = globalThis.keptByTest;
      export function predict(_model, { x }) {
        seen.kept.push(x.data);
        seen.first.push(x.data[0]);
        return x.data.slice(0, 1);
      }
    `);
    await using connection = await RawConnection.open(server.grpcPort);
    const call = async (index: number) => {
      const data = new Float32Array(20_000 + (index % 3) * 5_000).fill(index + 1);
      await connection.call(INFER, [frame(messageOf(Buffer.from(data.buffer)))]);
    };
    for (let round = 0; round < 10; round++) {
      await Promise.all(Array.from({ length: 8 }, (_, index) => call(round * 8 + index)));
    }
    expect(seen.kept.length).toBe(80);
    for (const [index, view] of seen.kept.entries()) {
      // One whose memory was freed is empty.
      const values = new Set(view.length === 0 ? [seen.first[index]] : view);
      expect([...values]).toEqual([seen.first[index]]);
    }
    delete (globalThis as Record<string, unknown>)["keptByTest"];
  });
});

describe("the memory of large requests", () => {
  it("is given back as they are answered, not when V8 gets to it", async () => {
    await using server = await servePredictor(`
      export const execution = "inline";
      export const predict = (_model, { x }) => x.data.slice(0, 10);
    `);
    await using connection = await RawConnection.open(server.grpcPort);
    const message = frame(messageOf(randomBytes(600_000)));
    const call = () => connection.call(INFER, [message]);
    await call();
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    for (let round = 0; round < 25; round++) {
      await Promise.all([call(), call(), call(), call()]);
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    expect(most).toBeLessThan(8 * MIB);
  });
});

function requestOf(raw: Buffer): object {
  return {
    model_name: "m",
    inputs: [{ name: "x", datatype: "FP32", shape: [raw.length / 4] }],
    raw_input_contents: [raw],
  };
}

function messageOf(raw: Buffer): Buffer {
  return serialize("ModelInfer", requestOf(raw));
}
