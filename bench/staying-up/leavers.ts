import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { closedLoop } from "../load/closed-loop.ts";
import { createRandom } from "../load/random.ts";
import { loadRequest } from "../load/requests.ts";
import { probe } from "../load/probe.ts";
import { residentMb } from "../measure/process-stats.ts";
import { launch } from "../servers/launch.ts";
import { readMetric } from "./client.ts";
import type { Scenario } from "./scenario.ts";

const AT_A_TIME = 50;
const LONGEST_WAIT_MS = 30_000;

/** Clients that send a part of a large request, or all of it, and are gone. */
export const leavers: Scenario = {
  name: "leavers",
  what: "clients that leave anywhere within a binary request of 600 KB, or before its answer",
  async run(settings) {
    await using server = await launch("first-ten-worker", settings);
    const { port } = server;
    const random = createRandom(7);
    const { bytes } = loadRequest("bin");
    const before = residentMb(server.child.pid, "VmRSS");
    for (let left = 0; left < settings.leavers; left += AT_A_TIME) {
      const leave = async () => {
        const length = Math.min(bytes.length, Math.floor(random() * bytes.length * 1.5));
        const socket = connect({ port, host: "127.0.0.1", noDelay: true });
        socket.on("error", () => undefined);
        await once(socket, "connect");
        const { promise, resolve } = Promise.withResolvers<void>();
        socket.write(bytes.subarray(0, length), () => resolve());
        await promise;
        socket.resetAndDestroy();
      };
      await Promise.all(Array.from({ length: AT_A_TIME }, leave));
    }
    const until = performance.now() + LONGEST_WAIT_MS;
    let inFlight = NaN;
    while (inFlight !== 0 && performance.now() < until) {
      inFlight = await readMetric(port, "kserve_ts_in_flight_requests");
      await sleep(20);
    }
    const health = await probe(port, "/v2/health/ready");
    const { answers } = await closedLoop(port, 1, { count: 1 }, () => loadRequest("bin"));
    return {
      figures: {
        clients: settings.leavers,
        "MB before": before,
        "MB after": residentMb(server.child.pid, "VmRSS"),
      },
      checks: [
        { what: "no request is left in flight", got: inFlight, holds: inFlight === 0 },
        { what: "health is 200", got: health.status, holds: health.status === 200 },
        { what: "a request of one that stays is answered", got: answers, holds: answers === 1 },
      ],
    };
  },
};
