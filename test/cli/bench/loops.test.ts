import { once } from "node:events";
import { type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { parseAddress } from "../../../client/address.ts";
import { createArrivals } from "../../../cli/bench/load/arrivals.ts";
import { closedLoop } from "../../../cli/bench/load/closed-loop.ts";
import { HttpLane, httpPost } from "../../../cli/bench/load/http-lane.ts";
import { Lanes } from "../../../cli/bench/load/lanes.ts";
import { openLoop } from "../../../cli/bench/load/open-loop.ts";
import { Pacer } from "../../../cli/bench/load/pacer.ts";
import { createRandom } from "../../../runtime/random.ts";

const STALL_MS = 500;
const STALLED_REQUEST = 20;
const PER_SECOND = 100;

/** A server, its address, and a request to it; closed with its scope. */
async function listen(server: Server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = parseAddress(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const bytes = httpPost(address, "/", Buffer.from("{}"), { "content-type": "application/json" });
  return {
    request: { name: "one", bodyBytes: 2, bytes },
    lanes: (most: number, timeoutMs = 10_000) => new Lanes(() => new HttpLane(address), most, timeoutMs),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Answers at once, but for one stall in which all that is there waits. Counts those that were held. */
function stallingServer() {
  const held: ServerResponse[] = [];
  let count = 0;
  let isStalling = false;
  let heldCount = 0;
  const server = createServer((req, res) => {
    req.resume();
    if (++count === STALLED_REQUEST) {
      isStalling = true;
      setTimeout(() => {
        isStalling = false;
        for (const waiting of held.splice(0)) waiting.end("{}");
      }, STALL_MS);
    }
    if (!isStalling) return void res.end("{}");
    heldCount++;
    held.push(res);
  });
  return { server, held: () => heldCount };
}

const never = () => new AbortController().signal;

describe("an open loop", () => {
  it.each([1, 64])(
    "counts the wait of all that was due during a stall, over %i connections",
    async (most) => {
      const { server } = stallingServer();
      await using target = await listen(server);
      await using pacer = await Pacer.start();
      using lanes = target.lanes(most);
      const { due, right, latencies, failures } = await openLoop({
        lanes,
        pacer,
        nextRequest: () => target.request,
        nextArrivalMs: createArrivals("constant", PER_SECOND, Math.random),
        warmupMs: 0,
        windowMs: 1_000,
        drainMs: 10_000,
        signal: never(),
      });
      expect({ due, right, failures }).toEqual({ due: PER_SECOND, right: PER_SECOND, failures: {} });
      // Of the 50 requests of the stall those due in its first 400 ms waited 100 ms and more, whenever they left.
      expect(latencies.quantileMs(0.62)).toBeGreaterThan(100);
      expect(latencies.maxMs).toBeGreaterThan(STALL_MS - 20);
    },
  );

  it("sends what is due in warm-up, and leaves it out", async () => {
    let count = 0;
    const server = createServer((req, res) => {
      count++;
      req.resume().on("end", () => res.end());
    });
    await using target = await listen(server);
    await using pacer = await Pacer.start();
    using lanes = target.lanes(4);
    const { due, right, seconds } = await openLoop({
      lanes,
      pacer,
      nextRequest: () => target.request,
      nextArrivalMs: createArrivals("constant", 50, Math.random),
      warmupMs: 200,
      windowMs: 200,
      drainMs: 10_000,
      signal: never(),
    });
    expect({ due, right, seconds, count }).toEqual({ due: 10, right: 10, seconds: 0.2, count: 20 });
  });

  it("counts what is not answered, by kind, and as slow what was given up", async () => {
    let count = 0;
    const server = createServer((req, res) => {
      req.resume();
      const kind = count++ % 4;
      if (kind === 0) res.writeHead(429).end("the queue is full");
      else if (kind === 1) res.writeHead(503, { connection: "close" }).end("draining");
      else if (kind === 2) req.socket.destroy();
    });
    await using target = await listen(server);
    await using pacer = await Pacer.start();
    using lanes = target.lanes(64);
    const { due, right, failures, messages, latencies } = await openLoop({
      lanes,
      pacer,
      nextRequest: () => target.request,
      nextArrivalMs: createArrivals("constant", 200, Math.random),
      warmupMs: 0,
      windowMs: 200,
      drainMs: 300,
      signal: never(),
    });
    expect({ due, right }).toEqual({ due: 40, right: 0 });
    expect(failures).toEqual({ "429": 10, "503": 10, connection: 10, unanswered: 10 });
    expect(messages["429"]).toBe("the queue is full");
    expect(latencies.count).toBe(10);
    expect(latencies.minMs).toBeGreaterThan(290);
  });

  it("gives up after the timeout, from when a request was due", async () => {
    const server = createServer((req) => req.resume());
    await using target = await listen(server);
    await using pacer = await Pacer.start();
    using lanes = target.lanes(1, 100);
    const { failures, generator } = await openLoop({
      lanes,
      pacer,
      nextRequest: () => target.request,
      nextArrivalMs: createArrivals("constant", 50, Math.random),
      warmupMs: 0,
      windowMs: 100,
      drainMs: 60_000,
      signal: never(),
    });
    expect(failures).toEqual({ timeout: 5 });
    expect(generator.waitedShare).toBe(0.8);
  });

  it("ends when it is told to", async () => {
    const server = createServer((req) => req.resume());
    await using target = await listen(server);
    await using pacer = await Pacer.start();
    using lanes = target.lanes(1);
    const abort = new AbortController();
    const load = openLoop({
      lanes,
      pacer,
      nextRequest: () => target.request,
      nextArrivalMs: createArrivals("poisson", 50, createRandom(1)),
      warmupMs: 0,
      windowMs: 3_600_000,
      drainMs: 3_600_000,
      signal: abort.signal,
    });
    abort.abort(new Error("enough"));
    await expect(load).rejects.toThrow("enough");
    expect(lanes.pending).toBe(0);
  });
});

describe("a closed loop", () => {
  it("asks nothing during a stall but what waits already, so that only that shows it", async () => {
    const { server, held } = stallingServer();
    await using target = await listen(server);
    using lanes = target.lanes(1);
    const { right, latencies } = await closedLoop({
      lanes,
      nextRequest: () => target.request,
      atOnce: 1,
      warmupMs: 0,
      windowMs: 1_500,
      signal: never(),
    });
    expect(held()).toBe(1);
    expect(right).toBeGreaterThan(STALLED_REQUEST);
    expect(latencies.maxMs).toBeGreaterThan(STALL_MS - 20);
  });
});

describe("arrivals", () => {
  it.each(["poisson", "constant"] as const)("of kind %s keep to their rate", (kind) => {
    const next = createArrivals(kind, 250, createRandom(7));
    let count = 0;
    while (next() < 20_000) count++;
    expect(Math.abs(count - 5_000)).toBeLessThan(3 * Math.sqrt(5_000));
  });

  it("of kind poisson are as irregular as independent callers", () => {
    const next = createArrivals("poisson", 1000, createRandom(3));
    const times = Array.from({ length: 10_001 }, next);
    const gaps = times.slice(1).map((time, at) => time - (times[at] as number));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    expect(mean).toBeCloseTo(1, 1);
    expect(Math.sqrt(variance) / mean).toBeCloseTo(1, 1);
  });
});
