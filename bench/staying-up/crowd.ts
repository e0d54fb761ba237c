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
/** What V8 and the allocator keep for the next time; ten thousand connections take five times as much. */
const MEMORY_RATIO = 1.5;

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
      while (sockets.length < settings.idleConnections) {
        const count = Math.min(AT_A_TIME, settings.idleConnections - sockets.length);
        sockets.push(...(await Promise.all(Array.from({ length: count }, () => idle(port)))));
      }
      const crowdedMb = residentMb(server.child.pid, "VmRSS");
      using client = new Client(port);
      let predicted = 0;
      for (let count = 0; count < PREDICTS; count++) {
        if ((await client.infer(1)).status === 200) predicted++;
      }
      const held = sockets.filter((socket) => !socket.destroyed).length;
      for (const socket of sockets) socket.destroy();
      const afterMb = await settledMb(server, emptyMb * MEMORY_RATIO);
      const health = await prober.stop();
      return {
        figures: {
          connections: held,
          ...health.figures,
          "empty MB": emptyMb,
          "crowded MB": crowdedMb,
          "KB a connection": ((crowdedMb - emptyMb) * 1_000) / sockets.length,
          "MB after": afterMb,
        },
        checks: [
          { what: "all connections are held", got: held, holds: held === settings.idleConnections },
          ...health.checks,
          { what: "predicts are answered", got: predicted, holds: predicted === PREDICTS },
          {
            what: `memory returns to within ${MEMORY_RATIO} of what it was`,
            got: afterMb / emptyMb,
            holds: afterMb <= emptyMb * MEMORY_RATIO,
          },
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
