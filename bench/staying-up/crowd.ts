import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { probe } from "../load/probe.ts";
import { residentMb } from "../measure/process-stats.ts";
import { spreadOf } from "../measure/statistics.ts";
import { launch } from "../servers/launch.ts";
import { Client } from "./client.ts";
import type { Scenario } from "./scenario.ts";

const AT_A_TIME = 200;
const PROBES = 50;
const REQUEST = "GET /v2/health/live HTTP/1.1\r\nHost: t\r\n\r\n";
const HEALTH_MS = 100;

/** Thousands of connections that have asked once and stay. */
export const crowd: Scenario = {
  name: "crowd",
  what: "connections that have asked once and then idle, while health is probed over others",
  async run(settings) {
    await using server = await launch("echo-worker", settings);
    const { port } = server;
    const emptyMb = residentMb(server.child.pid, "VmRSS");
    const sockets: Socket[] = [];
    try {
      while (sockets.length < settings.idleConnections) {
        const count = Math.min(AT_A_TIME, settings.idleConnections - sockets.length);
        sockets.push(...(await Promise.all(Array.from({ length: count }, () => idle(port)))));
      }
      const crowdedMb = residentMb(server.child.pid, "VmRSS");
      const times: number[] = [];
      for (let round = 0; round < PROBES; round++) {
        const { status, ms } = await probe(port, "/v2/health/ready");
        if (status === 200) times.push(ms);
      }
      using client = new Client(port);
      const { status } = await client.predict(1);
      const held = sockets.filter((socket) => !socket.destroyed).length;
      const health = spreadOf(times);
      return {
        figures: {
          connections: held,
          "empty MB": emptyMb,
          "crowded MB": crowdedMb,
          "KB a connection": ((crowdedMb - emptyMb) * 1_000) / sockets.length,
          "health, median ms": health.median,
          "health, slowest ms": health.max,
        },
        checks: [
          { what: "all connections are held", got: held, holds: held === settings.idleConnections },
          { what: "every probe is 200", got: times.length, holds: times.length === PROBES },
          { what: `health answers within ${HEALTH_MS} ms`, got: health.max, holds: health.max < HEALTH_MS },
          { what: "a predict is answered", got: status, holds: status === 200 },
        ],
      };
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  },
};

async function idle(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  socket.write(REQUEST);
  await once(socket, "data");
  socket.on("error", () => undefined);
  return socket;
}
