import { execFile } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { GrpcInferenceClient } from "../../../client/index.ts";
import { failureOf } from "../fixed-server.ts";
import { LIVE, answer, handlingCalls } from "./fixed-grpc-server.ts";

const REFUSED_STREAM = 7;
const CANCEL = 8;

describe("the connection", () => {
  it("is one for all calls", async () => {
    await using server = await handlingCalls((call) => answer(call, LIVE));
    using client = new GrpcInferenceClient(server.address);
    await Promise.all(Array.from({ length: 20 }, () => client.live()));
    await client.ready();
    expect(server.calls).toHaveLength(21);
    expect(server.sessions).toHaveLength(1);
  });

  it("is made anew after GOAWAY, and the calls under way end on the old one", async () => {
    const { promise: goodbye, resolve } = Promise.withResolvers<void>();
    await using server = await handlingCalls((call, index) => {
      if (index > 0) return answer(call, LIVE);
      call.stream.session?.goaway(0);
      resolve();
      void secondCame.then(() => answer(call, LIVE));
    });
    const { promise: secondCame, resolve: came } = Promise.withResolvers<void>();
    using client = new GrpcInferenceClient(server.address);
    const first = client.live();
    await goodbye;
    // Until the client has read the GOAWAY, a call may still go over the old connection, which is as well.
    while (server.sessions.length < 2) await client.live();
    came();
    expect(await first).toBe(true);
  });

  it("that refuses a stream gets it once more, whatever retries says", async () => {
    await using server = await handlingCalls((call, index) =>
      index === 0 ? call.stream.close(REFUSED_STREAM) : answer(call, LIVE),
    );
    using client = new GrpcInferenceClient(server.address);
    expect(await client.live()).toBe(true);
    expect(server.calls).toHaveLength(2);
  });

  it("that refuses it again is an error", async () => {
    await using server = await handlingCalls((call) => call.stream.close(REFUSED_STREAM));
    using client = new GrpcInferenceClient(server.address);
    expect(await failureOf(client.live())).toMatchObject({ code: "KTS_SERVER_UNREACHABLE" });
    expect(server.calls).toHaveLength(2);
  });

  it("tells the server at once when a call is aborted", async () => {
    const { promise: reset, resolve } = Promise.withResolvers<number>();
    const controller = new AbortController();
    await using server = await handlingCalls((call) => {
      call.stream.on("close", () => resolve(call.stream.rstCode));
      controller.abort(new Error("enough"));
    });
    using client = new GrpcInferenceClient(server.address);
    expect((await failureOf(client.live({ signal: controller.signal }))).message).toBe("enough");
    expect(await reset).toBe(CANCEL);
  });

  it("ends with the client, and its calls with it", async () => {
    await using server = await handlingCalls(() => client.close());
    const client = new GrpcInferenceClient(server.address);
    expect(await failureOf(client.live())).toMatchObject({ code: "KTS_CANCELLED" });
    expect(await failureOf(client.live())).toMatchObject({ code: "KTS_CANCELLED" });
  });

  it("that answers no ping is given up, and made anew by the next call", async () => {
    await using server = await handlingCalls((call, index) => {
      // From here on nothing passes, in either direction, and no connection ends: a machine that has crashed.
      if (index === 0) proxy.silence();
      else answer(call, LIVE);
    });
    await using proxy = await proxyOf(server.address);
    using client = new GrpcInferenceClient(proxy.address, { keepAliveMs: 30, keepAliveTimeoutMs: 30 });
    expect(await failureOf(client.live())).toMatchObject({
      code: "KTS_SERVER_UNREACHABLE",
      message: expect.stringContaining("not even a ping within 30 ms") as string,
    });
    // The new connection has to be quick enough, or it is given up as well.
    using patient = new GrpcInferenceClient(proxy.address);
    expect(await patient.live()).toBe(true);
  });

  it("is given up when it stays silent after a deadline", async () => {
    const silent = new Set<Socket>();
    const server = createServer((socket) => void silent.add(socket));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const { port } = server.address() as AddressInfo;
      using client = new GrpcInferenceClient(`127.0.0.1:${port}`);
      expect(await failureOf(client.live({ timeoutMs: 50 }))).toMatchObject({
        code: "KTS_DEADLINE_EXCEEDED",
      });
      expect(await failureOf(client.live({ timeoutMs: 50 }))).toMatchObject({
        code: "KTS_DEADLINE_EXCEEDED",
      });
      expect(silent.size).toBe(2);
    } finally {
      for (const socket of silent) socket.destroy();
      server.close();
    }
  });

  it("does not keep the process alive when no call is under way", async () => {
    await using server = await handlingCalls((call) => answer(call, LIVE));
    const entry = new URL("../../../client/index.ts", import.meta.url).href;
    const script = `
      const { GrpcInferenceClient } = await import(${JSON.stringify(entry)});
      console.log(await new GrpcInferenceClient(${JSON.stringify(server.address)}).live());
    `;
    const args = ["--input-type=module", "--eval", script];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 15_000 });
    expect(stdout).toBe("true\n");
  });
});

/** A relay that can fall silent. Connections that are made after that are relayed again. */
async function proxyOf(target: string): Promise<AsyncDisposable & { address: string; silence(): void }> {
  const relayed = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(target.split(":")[1]), "127.0.0.1");
    for (const socket of [near, far]) {
      relayed.add(socket);
      socket.on("error", () => undefined);
    }
    near.pipe(far);
    far.pipe(near);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    silence() {
      for (const socket of relayed) socket.unpipe().pause();
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of relayed) socket.destroy();
      await closed;
    },
  };
}
