import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { residentMb } from "../measure/process-stats.ts";
import { launch } from "../servers/launch.ts";
import { Client } from "./client.ts";
import { settledMb, warmMb } from "./memory.ts";
import { Prober } from "./prober.ts";
import type { Scenario } from "./scenario.ts";

const AT_A_TIME = 20;
const PREDICTS = 50;
const REQUEST = "GET /v2/health/live HTTP/1.1\r\nHost: t\r\n\r\n";
/** V8 and the allocator keep what a crowd took for the next one: it is the second that shows what was lost. */
const MEMORY_RATIO = 1.15;

/** Thousands of connections that have asked once and stay. */
export const crowd: Scenario = {
  name: "crowd",
  what: "connections that come, ask once, idle, and go, while health is probed over others",
  async run(settings) {
    await using server = await launch("first-ten-worker", settings);
    const { port } = server;
    const emptyMb = await warmMb(server);
    const sockets: Socket[] = [];
    await using prober = await Prober.start(port, settings);
    try {
      sockets.push(...(await gather(port, settings.idleConnections)));
      const crowdedMb = residentMb(server.child.pid, "VmRSS");
      using client = new Client(port);
      let predicted = 0;
      for (let count = 0; count < PREDICTS; count++) {
        if ((await client.infer(1)).status === 200) predicted++;
      }
      const held = sockets.filter((socket) => !socket.destroyed).length;
      for (const socket of sockets) socket.destroy();
      const afterMb = await settledMb(server, emptyMb);
      const second = await gather(port, settings.idleConnections);
      for (const socket of second) socket.destroy();
      const againMb = await settledMb(server, afterMb);
      const health = await prober.stop();
      return {
        figures: {
          connections: held,
          ...health.figures,
          "empty MB": emptyMb,
          "crowded MB": crowdedMb,
          "KB a connection": ((crowdedMb - emptyMb) * 1_000) / sockets.length,
          "MB after": afterMb,
          "MB after a second crowd": againMb,
        },
        checks: [
          { what: "all connections are held", got: held, holds: held === settings.idleConnections },
          ...health.checks,
          { what: "predicts are answered", got: predicted, holds: predicted === PREDICTS },
          {
            what: `a second crowd leaves memory within ${MEMORY_RATIO} of what the first left`,
            got: againMb / afterMb,
            holds: againMb <= afterMb * MEMORY_RATIO,
          },
        ],
      };
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  },
};

/** Connections, opened a few at a time. */
async function gather(port: number, wanted: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < wanted) {
    const count = Math.min(AT_A_TIME, wanted - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: count }, () => idle(port)))));
  }
  return sockets;
}

async function idle(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  socket.write(REQUEST);
  await once(socket, "data");
  socket.on("error", () => undefined);
  return socket;
}
