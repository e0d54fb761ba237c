import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { launch } from "../servers/launch.ts";
import { Client, Tally } from "./client.ts";
import type { Scenario } from "./scenario.ts";

const CONNECTIONS = 32;
const ROUNDS = 5;
const LOAD_MS = 1_000;

/** SIGTERM while clients never pause, several times. */
export const sigterm: Scenario = {
  name: "sigterm",
  what: `SIGTERM in the middle of ${CONNECTIONS} connections of 2 ms predicts that never pause, ${ROUNDS} times`,
  async run(settings) {
    const tally = new Tally();
    const exitMs: number[] = [];
    const exitCodes = new Set<string>();
    let lost = 0;
    let neverAccepted = 0;
    for (let round = 0; round < ROUNDS; round++) {
      await using server = await launch("mortal", settings);
      using client = new Client(server.port);
      let isOver = false;
      const hammer = async () => {
        for (;;) {
          const ending = await client.predict(1);
          tally.add(ending);
          if (ending.error === undefined) continue;
          // A connection that the server never took is the next replica's; one that it took is a promise.
          if (!isOver || ending.reused) lost++;
          else if (ending.error !== "ECONNREFUSED") neverAccepted++;
          return;
        }
      };
      const clients = Array.from({ length: CONNECTIONS }, hammer);
      await sleep(LOAD_MS);
      const exited = once(server.child.process, "exit");
      const startedAt = performance.now();
      isOver = true;
      server.child.process.kill("SIGTERM");
      const [code, signal] = (await exited) as [number | null, string | null];
      exitMs.push(performance.now() - startedAt);
      exitCodes.add(String(code ?? signal));
      await Promise.all(clients);
    }
    return {
      figures: {
        answered: tally.of(200),
        "slowest exit, ms": Math.max(...exitMs),
        "connections the server never took, reset": neverAccepted,
      },
      checks: [
        { what: "no request was lost", got: lost, holds: lost === 0 },
        {
          what: "every answer is 200",
          got: String(tally),
          holds: tally.except(200, "ECONNREFUSED", "ECONNRESET", "EPIPE") === 0,
        },
        { what: "it exits with 0", got: [...exitCodes].join(", "), holds: [...exitCodes].join() === "0" },
      ],
    };
  },
};
