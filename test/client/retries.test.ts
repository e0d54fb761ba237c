import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { type AddressInfo, createServer as createNetServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { GrpcInferenceClient, InferenceClient } from "../../client/index.ts";
import { tensor } from "../../contract/index.ts";
import { predictorFolder, serveFolder } from "../runtime/serving.ts";
import { answering, failureOf, handlingSockets } from "./fixed-server.ts";
import { LIVE, answer, handlingCalls, refuse } from "./grpc/fixed-grpc-server.ts";

const RETRY_NOW = { status: 503, headers: { "retry-after": "0" }, body: "busy" };
const TOO_MANY = { ...RETRY_NOW, status: 429 };
const PREDICTED = { body: `{"predictions":[1]}` };

/** A port at which nothing listens. */
async function freePort(): Promise<number> {
  const server = createNetServer();
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const { port } = server.address() as AddressInfo;
  const { promise: closed, resolve: done } = Promise.withResolvers<void>();
  server.close(() => done());
  await closed;
  return port;
}

describe("over REST", () => {
  it("nothing is tried again unless it is asked for", async () => {
    await using server = await answering(() => RETRY_NOW);
    using client = new InferenceClient(server.url);
    expect(await failureOf(client.predict("m", [1]))).toMatchObject({ status: 503, retryAfterSeconds: 0 });
    expect(server.seen).toHaveLength(1);
  });

  it("a 429 that says when to come again is tried again", async () => {
    const answers = [TOO_MANY, TOO_MANY, PREDICTED];
    await using server = await answering(() => answers.shift() ?? PREDICTED);
    using client = new InferenceClient(server.url, { retries: 2 });
    expect(await client.predict("m", [1])).toEqual([1]);
    expect(server.seen).toHaveLength(3);
    expect(server.seen[2]?.body).toEqual(server.seen[0]?.body);
  });

  it("a 503 is tried again where the model may be asked twice, and never else", async () => {
    const answers = [RETRY_NOW, { status: 503 }, PREDICTED];
    await using server = await answering(() => answers.shift() ?? RETRY_NOW);
    using client = new InferenceClient(server.url, { retries: 2, idempotent: true });
    expect(await client.predict("m", [1])).toEqual([1]);
    expect(server.seen).toHaveLength(3);
    expect(await failureOf(client.predict("m", [1], { idempotent: false }))).toMatchObject({ status: 503 });
    expect(server.seen).toHaveLength(4);
  });

  it("no more often than retries says", async () => {
    await using server = await answering(() => RETRY_NOW);
    using client = new InferenceClient(server.url, { retries: 5, idempotent: true });
    expect(await failureOf(client.predict("m", [1], { retries: 1 }))).toMatchObject({ status: 503 });
    expect(server.seen).toHaveLength(2);
  });

  it.each([
    ["503, of which the request may have been run,", RETRY_NOW],
    ["429 without Retry-After", { status: 429 }],
    ["500", { status: 500, headers: { "retry-after": "0" } }],
    ["400", { status: 400, headers: { "retry-after": "0" } }],
  ])("a %s is not tried again", async (_what, refusal) => {
    await using server = await answering(() => refusal);
    using client = new InferenceClient(server.url, { retries: 3 });
    expect(await failureOf(client.predict("m", [1]))).toMatchObject({ status: refusal.status });
    expect(server.seen).toHaveLength(1);
  });

  it("a health check that says no is an answer, and not tried again", async () => {
    await using server = await answering(() => RETRY_NOW);
    using client = new InferenceClient(server.url, { retries: 3 });
    expect(await client.ready()).toBe(false);
    expect(server.seen).toHaveLength(1);
  });

  it("a wait that would outlast the deadline does not begin", async () => {
    await using server = await answering(() => ({ ...RETRY_NOW, headers: { "retry-after": "3600" } }));
    using client = new InferenceClient(server.url, { retries: 3, idempotent: true });
    expect(await failureOf(client.predict("m", [1]))).toMatchObject({ status: 503, retryAfterSeconds: 3600 });
    expect(server.seen).toHaveLength(1);
  });

  it("a prediction whose connection broke is sent twice only if it may be, what only reads is", async () => {
    await using server = await handlingSockets((socket) => void socket.once("data", () => socket.destroy()));
    using client = new InferenceClient(server.url, { retries: 1 });
    const broken = { code: "KTS_SERVER_UNREACHABLE" };
    expect(await failureOf(client.predict("m", [1]))).toMatchObject(broken);
    expect(server.connections).toBe(1);
    expect(await failureOf(client.modelMetadata("m"))).toMatchObject(broken);
    expect(server.connections).toBe(3);
    expect(await failureOf(client.predict("m", [1], { idempotent: true }))).toMatchObject(broken);
    expect(server.connections).toBe(5);
  });

  it("a connection that does not come about is tried again, until the server is there", async () => {
    const port = await freePort();
    const server = createServer((_req, res) => void res.end(PREDICTED.body));
    using client = new InferenceClient(`http://127.0.0.1:${port}`);
    expect(await failureOf(client.predict("m", [1]))).toMatchObject({ code: "KTS_SERVER_UNREACHABLE" });
    const call = client.predict("m", [1], { retries: 20 });
    server.listen(port, "127.0.0.1");
    try {
      expect(await call).toEqual([1]);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  it("a wait ends when the call is aborted, or the client closed", async () => {
    await using server = await answering(() => ({ ...RETRY_NOW, headers: { "retry-after": "30" } }));
    using client = new InferenceClient(server.url, { retries: 1, idempotent: true });
    const controller = new AbortController();
    const aborted = client.predict("m", [1], { signal: controller.signal });
    const closed = client.predict("m", [1]);
    while (server.seen.length < 2) await new Promise((resolve) => setImmediate(resolve));
    controller.abort(new Error("enough"));
    expect((await failureOf(aborted)).message).toBe("enough");
    client.close();
    expect(await failureOf(closed)).toMatchObject({ code: "KTS_CANCELLED" });
  });
});

describe("a model whose worker dies of a request", () => {
  /** Counts its runs where the next worker can see them. */
  const MORTAL = `
    import { appendFileSync, writeFileSync } from "node:fs";
    export const predict = (_model, input, ctx) => {
      const file = ctx.headers["x-file"];
      if (file === undefined) return input;
      appendFileSync(file, "x");
      process.exit(3);
    };
  `;

  it("has not run it twice, over REST or gRPC", { timeout: 60_000 }, async () => {
    await using folder = await predictorFolder(MORTAL);
    const server = await serveFolder(folder.path);
    try {
      using rest = new InferenceClient(server.url, { retries: 1 });
      using grpc = new GrpcInferenceClient(`127.0.0.1:${server.grpcPort}`, { retries: 1 });
      const x = tensor("FP32", [1], [1]);
      for (const [index, client] of [rest, grpc].entries()) {
        // A worker is there again, so that what fails is the request's own run.
        await client.infer("m", { x }, { retries: 20, idempotent: true });
        const file = join(folder.path, String(index));
        expect(await failureOf(client.infer("m", { x }, { headers: { "x-file": file } }))).toMatchObject({
          code: "KTS_SERVER_ANSWERED",
          status: 503,
          retryAfterSeconds: 1,
        });
        expect(await readFile(file, "utf8")).toBe("x");
      }
    } finally {
      await server.stop();
    }
  });
});

describe("over gRPC", () => {
  it("UNAVAILABLE is tried again, and the wait the server asks for is kept", async () => {
    await using server = await handlingCalls((call, index) => {
      if (index === 0) return refuse(call, { "grpc-status": "14" });
      if (index === 1) return refuse(call, { "grpc-status": "8", "grpc-retry-pushback-ms": "1" });
      answer(call, LIVE);
    });
    using client = new GrpcInferenceClient(server.address, { retries: 2 });
    expect(await client.live()).toBe(true);
    expect(server.calls).toHaveLength(3);
  });

  it("UNAVAILABLE is not tried again of a model that may have run, unless it may run twice", async () => {
    await using server = await handlingCalls((call) => refuse(call, { "grpc-status": "14" }));
    using client = new GrpcInferenceClient(server.address, { retries: 1 });
    const x = tensor("FP32", [1], [1]);
    expect(await failureOf(client.infer("m", { x }))).toMatchObject({ grpcStatus: 14 });
    expect(server.calls).toHaveLength(1);
    expect(await failureOf(client.infer("m", { x }, { idempotent: true }))).toMatchObject({ grpcStatus: 14 });
    expect(server.calls).toHaveLength(3);
  });

  it.each([
    [
      "UNAVAILABLE with pushback that says not at all",
      { "grpc-status": "14", "grpc-retry-pushback-ms": "-1" },
    ],
    ["RESOURCE_EXHAUSTED without pushback", { "grpc-status": "8" }],
    ["INTERNAL", { "grpc-status": "13" }],
  ])("%s is not tried again", async (_what, status) => {
    await using server = await handlingCalls((call) => refuse(call, status));
    using client = new GrpcInferenceClient(server.address, { retries: 2 });
    await failureOf(client.live());
    expect(server.calls).toHaveLength(1);
  });

  it("UNAVAILABLE behind an answer is not tried again", async () => {
    await using server = await handlingCalls((call) =>
      answer(call, LIVE, { trailers: { "grpc-status": "14" } }),
    );
    using client = new GrpcInferenceClient(server.address, { retries: 2 });
    expect(await failureOf(client.live())).toMatchObject({ grpcStatus: 14 });
    expect(server.calls).toHaveLength(1);
  });

  it("a connection that does not come about is tried again, until the server is there", async () => {
    const port = await freePort();
    using client = new GrpcInferenceClient(`127.0.0.1:${port}`);
    expect(await failureOf(client.live())).toMatchObject({ code: "KTS_SERVER_UNREACHABLE" });
    const call = client.loadModel("m", { retries: 20 });
    await using server = await handlingCalls((seen) => answer(seen, LIVE), port);
    await call;
    expect(server.calls).toHaveLength(1);
  });
});
